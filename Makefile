# make test is what has to pass before a change is taken; .ci/run calls it.

GO ?= go
# How long each fuzz target runs.
FUZZTIME ?= 10s
# How often each fault strikes each engine in make faults.
REPEAT ?= 3

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-13s %s\n", $$1, $$2 }'

.PHONY: build
build: ## Build bin/carillon, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/carillon ./cmd/carillon

.PHONY: needs
needs: ## Install what the tests need: gcc, redis-server, postgresql, promtool and chromium, by apt-get
	@scripts/needs

.PHONY: test
test: needs vet lint race faults-short demo ## Check everything: vet, lint, all tests under the race detector, the faults, the demo

.PHONY: vet
vet: ## Run go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## Run the linters, at the version that tools/go.mod pins
	$(GO) tool -modfile=tools/go.mod golangci-lint run

# SQLite is C turned into Go here, and twenty times slower under the detector: it
# is built without it, and without the check of pointers that comes with it. What
# reads workbooks that unpack to gigabytes is tested without it: that is one
# goroutine, and the detector has nothing to find.
RACE = CGO_ENABLED=1 $(GO) test -race -gcflags='modernc.org/...=-race=false -d=checkptr=0' -timeout 30m
BOMBS = ^Test(Bombs|EmptySheetsTogether|MemoryIsFlat)
.PHONY: race
race: needs ## Run all tests but the faults under the race detector
	$(RACE) $$($(GO) list ./... | grep -v -e /test/faults -e /ledger$$ -e /contacts$$)
	$(RACE) ./contacts -skip '$(BOMBS)'
	$(GO) test -timeout 30m ./contacts -run '$(BOMBS)'
	$(RACE) ./ledger

.PHONY: demo
demo: ## Send a sample campaign to the simulator and audit it
	$(GO) run ./cmd/carillon demo

.PHONY: cover
cover: needs ## Run all tests and tell how much of the code they reach
	$(GO) test -timeout 20m -coverpkg=./... -coverprofile=coverage.out ./...
	$(GO) tool cover -func=coverage.out | tail -n 1

.PHONY: faults
faults: needs ## Break everything while it sends, at length, and print docs/faults.md's table
	cd test/faults && $(GO) test -count=1 -timeout 3h -args -faults.long -faults.repeat $(REPEAT)
	cd test/faults && $(GO) test -count=1 -timeout 3h -run 'TestFaults|TestDemos' -args -faults.everywhere
	cd test && $(GO) test -count=1 -timeout 1h -run TestOnePictureIsUploadedOnceForEachNumber -args -pictures 100000

.PHONY: faults-short
faults-short: needs ## The same in a few minutes, once; part of make test
	cd test/faults && $(GO) test -count=1 -timeout 30m

.PHONY: bench
bench: needs ## Measure how fast it is, beside a loop without promises, and print the table
	$(GO) run ./bench

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME
	scripts/fuzz $(FUZZTIME)
