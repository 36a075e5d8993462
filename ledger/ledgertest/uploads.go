package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/ledger"
)

// upload keeps a list of so many bytes, which are not all the same.
func (b *bench) keepsUpload(id string, size int) (ledger.Upload, string) {
	b.Helper()
	u := ledger.Upload{ID: id, Owner: "otto", Name: "people.csv", Size: int64(size), Hash: "abc", Created: b.now}
	content := strings.Repeat("0123456\x00\xff", size/9+1)[:size]
	b.check(b.AddUpload(b.Context(), u, strings.NewReader(content)))
	return u, content
}

// content reads an upload.
func (b *bench) content(u ledger.Upload) string {
	b.Helper()
	var read bytes.Buffer
	b.check(b.ReadUpload(b.Context(), u, &read))
	return read.String()
}

var uploadScenarios = map[string]func(*testing.T, *bench){
	"an upload is what came in, for its owner, for a day": func(t *testing.T, b *bench) {
		const piece = 256 << 10
		for id, size := range map[string]int{"one": 1, "whole": piece, "more": 2*piece + 77} {
			want, content := b.keepsUpload(id, size)
			got, err := b.Upload(t.Context(), id, "otto", b.now)
			b.check(err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if b.content(got) != content {
				t.Errorf("%s came out as something else", id)
			}
		}
		for _, owner := range []string{"eve", ""} {
			if _, err := b.Upload(t.Context(), "one", owner, b.now); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", owner, err)
			}
		}
		if _, err := b.Upload(t.Context(), "one", "otto", b.now.Add(ledger.UploadsFor)); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("after its time: %v, want ErrNotFound", err)
		}
	},
	"an upload that breaks off is not there, and leaves nothing": func(t *testing.T, b *bench) {
		u := ledger.Upload{ID: "half", Owner: "otto", Size: 1 << 20, Created: b.now}
		broken := io.MultiReader(strings.NewReader(strings.Repeat("x", 300<<10)), brokenReader{})
		if err := b.AddUpload(t.Context(), u, broken); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
		if _, err := b.Upload(t.Context(), "half", "otto", b.now); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		b.advance(ledger.UploadsFor + time.Second)
		b.check(b.Tidy(t.Context(), b.now))
		b.keepsUpload("half", 10) // its pieces would be in the way
	},
	"old uploads are swept away, whole": func(t *testing.T, b *bench) {
		old, _ := b.keepsUpload("old", 5<<20)
		b.advance(ledger.UploadsFor - time.Hour)
		fresh, content := b.keepsUpload("fresh", 300<<10)
		b.advance(time.Hour + time.Second)
		b.check(b.Tidy(t.Context(), b.now))
		if err := b.ReadUpload(t.Context(), old, io.Discard); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
		if b.content(fresh) != content {
			t.Error("the fresh one is not whole")
		}
	},
	"an erasure takes all uploads": func(t *testing.T, b *bench) {
		u, _ := b.keepsUpload("list", 300<<10)
		_, err := b.Forget(t.Context(), "+447700900001", by("tester"), b.now)
		b.check(err)
		if err := b.ReadUpload(t.Context(), u, io.Discard); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	},
	"uploads have so much room together": func(t *testing.T, b *bench) {
		u := ledger.Upload{ID: "large", Owner: "otto", Size: 2000 << 20, Created: b.now}
		b.check(b.AddUpload(t.Context(), u, strings.NewReader(""))) // what counts is what it says
		u.ID, u.Size = "small", 1
		if err := b.AddUpload(t.Context(), u, strings.NewReader("x")); !errors.Is(err, ledger.ErrUploadsFull) {
			t.Errorf("%v, want ErrUploadsFull", err)
		}
		b.advance(ledger.UploadsFor + time.Second)
		b.check(b.Tidy(t.Context(), b.now))
		b.check(b.AddUpload(t.Context(), u, strings.NewReader("x")))
	},
	"sweeping and reading at once": func(t *testing.T, b *bench) {
		u, content := b.keepsUpload("list", 2<<20)
		swept := make(chan error)
		go func() { swept <- b.Tidy(context.WithoutCancel(t.Context()), b.now.Add(ledger.UploadsFor+time.Second)) }()
		var read bytes.Buffer
		err := b.ReadUpload(t.Context(), u, &read)
		b.check(<-swept)
		if err == nil && read.String() != content || err != nil && !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%d bytes, %v", read.Len(), err)
		}
	},
}

var errBroken = errors.New("the line is cut")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }
