package whatsapptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/codes"
)

// MediaWire is a Wire whose provider keeps files.
type MediaWire interface {
	Wire
	// ReadUpload reads a request that stores a file, into its type and bytes.
	ReadUpload(r *http.Request, body []byte) (kind string, content []byte, err error)
	// Stored is the answer to a file that is kept under an identifier.
	Stored(id string) Answer
}

// ReadUpload reads the form of an upload (Meta, media page).
func (w CloudWire) ReadUpload(r *http.Request, body []byte) (kind string, content []byte, err error) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/media") {
		return "", nil, fmt.Errorf("%s %s stores nothing", r.Method, r.URL.Path)
	}
	_, about, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return "", nil, err
	}
	form, err := multipart.NewReader(bytes.NewReader(body), about["boundary"]).ReadForm(64 << 20)
	if err != nil {
		return "", nil, err
	}
	if form.Value["messaging_product"][0] != "whatsapp" || len(form.File["file"]) != 1 {
		return "", nil, errors.New("no messaging_product, or no file")
	}
	part := form.File["file"][0]
	kind = part.Header.Get("Content-Type")
	if form.Value["type"][0] != kind {
		return "", nil, fmt.Errorf("type %s, and the part has %s", form.Value["type"][0], kind)
	}
	file, err := part.Open()
	if err != nil {
		return "", nil, err
	}
	content, err = io.ReadAll(file)
	return kind, content, err
}

// Stored names the file.
func (CloudWire) Stored(id string) Answer {
	return Answer{Status: http.StatusOK, Header: jsonHeader(), Body: string(encode(object{"id": id}))}
}

// media has a channel store files.
func (s Suite) media(t *testing.T) {
	wire, ok := s.Wire.(MediaWire)
	if !ok {
		t.Fatal("Traits.Media is set, and the Wire is no MediaWire")
	}
	content := bytes.Repeat([]byte("a picture's bytes\r\n--"), 20_000)
	upload := func() whatsapp.Upload {
		return whatsapp.Upload{Name: `of "May".png`, Type: "image/png", Size: int64(len(content)), Content: bytes.NewReader(content)}
	}
	t.Run("stored", func(t *testing.T) {
		keeper := s.keeper(t, func(r *http.Request, body []byte) Answer {
			kind, got, err := wire.ReadUpload(r, body)
			if err != nil || kind != "image/png" || !bytes.Equal(got, content) {
				t.Errorf("%d bytes of %s, want %d of image/png, %v", len(got), kind, len(content), err)
			}
			if r.ContentLength != int64(len(body)) {
				t.Errorf("a length of %d was told of %d bytes", r.ContentLength, len(body))
			}
			return wire.Stored("1037543291543636")
		})
		before := time.Now()
		id, until, err := keeper.Upload(t.Context(), upload())
		if err != nil || id != "1037543291543636" {
			t.Errorf("got %q, %v", id, err)
		}
		if !until.IsZero() && until.Before(before) {
			t.Errorf("the file ends at %v", until)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for _, row := range s.Book.Codes[:min(len(s.Book.Codes), 5)] {
			f := codes.Fault{Mode: codes.InAnswer, Code: row.First, Subcode: row.Subcode, Status: http.StatusBadRequest, Message: row.Words}
			keeper := s.keeper(t, func(*http.Request, []byte) Answer { return wire.Refuse(f) })
			_, _, err := keeper.Upload(t.Context(), upload())
			sameRefusal(t, fmt.Sprintf("code %d", row.First), refusal(t, err), s.Book.Judge(f))
		}
	})
	t.Run("without an identifier", func(t *testing.T) {
		for _, answer := range []Answer{wire.Stored(""), {Status: http.StatusOK, Body: page}, {Status: http.StatusBadGateway, Body: page}, wire.Accept(whatsapp.Accepted{ID: "wamid.1"})} {
			keeper := s.keeper(t, func(*http.Request, []byte) Answer { return answer })
			if id, _, err := keeper.Upload(t.Context(), upload()); refusal(t, err).Class != whatsapp.Ambiguous || id != "" {
				t.Errorf("%q: got %q, %v", answer.Body, id, err)
			}
		}
	})
}

// keeper opens a channel that keeps files at an API.
func (s Suite) keeper(t *testing.T, answer func(r *http.Request, body []byte) Answer) whatsapp.Media {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		answer(r, body).write(w)
	}))
	t.Cleanup(server.Close)
	return s.open(t, s.Settings(server.URL), whatsapp.Opening{}).(whatsapp.Media)
}
