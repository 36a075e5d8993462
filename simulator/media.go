package simulator

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// maxFile is the largest file that is kept, in bytes (Meta, media page).
	maxFile = 100 << 20
	// mediaFor is how long a file is kept (Meta, media page).
	mediaFor = 30 * 24 * time.Hour
)

// Upload is a file that was stored.
type Upload struct {
	// Number is the number that it belongs to.
	Number string `json:"number"`
	// Hash is the SHA-256 of what it holds, in hexadecimal.
	Hash string `json:"hash"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	// ID is the identifier given to it.
	ID string `json:"id"`
	// At is when the answer to it was on its way.
	At time.Duration `json:"at"`
}

// shelf holds what was uploaded.
type shelf struct {
	mu       sync.Mutex
	stored   []Upload
	underway int
}

// keeper is a dialect of a provider that keeps files.
type keeper interface {
	// uploaded reads a request that stores a file.
	uploaded(r *http.Request, o Options) (Upload, *refusal)
	// stored is the answer to it.
	stored(id string) answer
}

// storeFile serves an upload. Of one whose sender has gone before the answer
// nothing is kept.
func storeFile(k keeper) extra {
	return func(s *Simulator, r *http.Request) answer {
		s.shelf.begin(1)
		defer s.shelf.begin(-1)
		u, no := k.uploaded(r, s.options)
		if no == nil && u.Size > maxFile {
			no = &refusal{reason: noSuchMedia, details: "The file is too large."}
		}
		if no != nil {
			return s.options.Dialect.refuse(*no)
		}
		s.pause(r.Context(), s.faults.Load().UploadFor)
		if r.Context().Err() != nil {
			return answer{hangUp: true}
		}
		return k.stored(s.shelf.keep(u, s.book.now()))
	}
}

func (f *shelf) begin(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.underway += n
}

func (f *shelf) keep(u Upload, now time.Duration) (id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u.At, u.ID = now, strconv.Itoa(1037543291543000+len(f.stored))
	f.stored = append(f.stored, u)
	return u.ID
}

// count fills in how many there are.
func (f *shelf) count(c *Counts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.Uploads, c.Uploading = len(f.stored), f.underway
}

func (f *shelf) all() []Upload {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.stored)
}

// knows reports whether a number has a file of this identifier still.
func (f *shelf) knows(number, id string, since time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.stored, func(u Upload) bool { return u.ID == id && u.Number == number && u.At >= since })
}

// missing is the refusal of a message with a file that the number does not have;
// nil where all are there.
func (s *Simulator) missing(m request) *refusal {
	if _, keeps := s.options.Dialect.(keeper); !keeps || !bytes.Contains(m.components, []byte(`"id"`)) {
		return nil
	}
	var components any
	if json.Unmarshal(m.components, &components) != nil {
		return nil // checkComponents has had its say
	}
	since := s.book.now() - cmp.Or(s.options.MediaFor, mediaFor)
	for _, id := range mediaIDs(components, nil) {
		if !s.shelf.knows(m.number, id, since) {
			return &refusal{reason: noSuchMedia, details: "There is no media with the id " + id + " of this number."}
		}
	}
	return nil
}

// mediaIDs are the identifiers of the files that a message has.
func mediaIDs(value any, ids []string) []string {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			ids = mediaIDs(item, ids)
		}
	case map[string]any:
		for key, item := range v {
			about, _ := item.(map[string]any)
			if id, is := about["id"].(string); is && slices.Contains([]string{"image", "video", "gif", "audio", "document", "sticker"}, key) {
				ids = append(ids, id)
			}
			ids = mediaIDs(item, ids)
		}
	}
	return ids
}

// cloudUpload reads the form of an upload for a number (Meta, media page).
func cloudUpload(r *http.Request, number string) (Upload, *refusal) {
	u := Upload{Number: number}
	_, about, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return u, malformed("The upload is no form: " + err.Error())
	}
	form := multipart.NewReader(r.Body, about["boundary"])
	product := ""
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			switch part.FormName() {
			case "messaging_product":
				var text []byte
				text, err = io.ReadAll(io.LimitReader(part, maxControl))
				product = string(text)
			case "file":
				u.Type = part.Header.Get("Content-Type")
				err = u.read(part)
			}
		}
		if err != nil {
			return u, malformed("The upload ended too soon: " + err.Error())
		}
	}
	if product != "whatsapp" || u.Hash == "" {
		return u, malformed("The parameters messaging_product and file are required.")
	}
	return u, nil
}

// read sums up what the file holds.
func (u *Upload) read(content io.Reader) (err error) {
	digest := sha256.New()
	u.Size, err = io.Copy(digest, io.LimitReader(content, maxFile+1))
	u.Hash = hex.EncodeToString(digest.Sum(nil))
	return err
}

func (cloudDialect) uploaded(r *http.Request, o Options) (Upload, *refusal) {
	if token := o.AccessToken; token != "" && r.Header.Get("Authorization") != "Bearer "+token {
		return Upload{}, &refusal{reason: badToken}
	}
	number := r.PathValue("number")
	if only := o.PhoneNumberID; only != "" && number != only {
		return Upload{}, &refusal{reason: noSuchPath}
	}
	return cloudUpload(r, number)
}

func (cloudDialect) stored(id string) answer {
	return answer{status: http.StatusOK, kind: typeJSON, body: escaped(object{"id": id})}
}

func (dialog360Dialect) uploaded(r *http.Request, o Options) (Upload, *refusal) {
	if wrongKey(r, o) {
		return Upload{}, &refusal{reason: badToken}
	}
	return cloudUpload(r, cmp.Or(o.PhoneNumberID, madeUpID(r.Header.Get("D360-API-KEY"))))
}

func (dialog360Dialect) stored(id string) answer { return cloudDialect{}.stored(id) }

// uploaded reads a file that is all of the body (360dialog, upload media).
func (dialog360V1Dialect) uploaded(r *http.Request, o Options) (Upload, *refusal) {
	if wrongKey(r, o) {
		return Upload{}, &refusal{reason: badToken}
	}
	u := Upload{Number: cmp.Or(o.PhoneNumberID, madeUpID(r.Header.Get("D360-API-KEY"))), Type: r.Header.Get("Content-Type")}
	if err := u.read(r.Body); err != nil {
		return u, malformed("The body ended too soon: " + err.Error())
	}
	return u, nil
}

func (dialog360V1Dialect) stored(id string) answer {
	return v1Answer(http.StatusOK, object{"media": []object{{"id": id}}})
}
