# Carillon as one static binary, without a shell, run by an ordinary user.
# The configuration is expected at /etc/carillon/carillon.yaml; the ledger
# belongs into /data.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/carillon ./cmd/carillon \
    && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/carillon /usr/local/bin/carillon
# A new volume takes the owner of the folder it covers.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/carillon"]
CMD ["serve", "-c", "/etc/carillon/carillon.yaml"]
