package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"

	"carillon/admission"
	"carillon/contacts"
	"carillon/ledger"
)

// maxDefinition is how large a campaign's file may be, in bytes: far beyond
// any that a person writes.
const maxDefinition = 1 << 20

// upload is a campaign's files as they came in.
type upload struct {
	definition []byte
	// contacts is a temporary file.
	contacts *os.File
	// media are the files that its messages have.
	media media
	// kept is the upload that the list is; empty where it came along.
	kept ledger.Upload

	sums [2][]byte // of the definition and the list; nil for one that is missing
}

// receive takes the parts of a multipart request in any order; the list and files may
// be some that were uploaded before. The caller removes the upload, also after an error.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (*upload, error) {
	const margin = 64 << 10 // the parts' headers
	up := &upload{}
	r.Body = http.MaxBytesReader(w, r.Body, contacts.DefaultLimits().FileBytes+maxDefinition+admission.MostFileBytes+margin)
	parts, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return up, refuse(wrongType, "send multipart/form-data with the parts campaign and contacts, and a part media for each file",
			"the content is %q", r.Header.Get("Content-Type"))
	}
	if err != nil {
		return up, brokenUpload(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return up, brokenUpload(err)
		}
		if err := up.take(part); err != nil {
			return up, err
		}
	}
	for _, id := range r.URL.Query()["media"] {
		if err := s.fetchMedia(r, id, up); err != nil {
			return up, err
		}
	}
	if id := r.URL.Query().Get("upload"); id != "" {
		return up, s.fetchUpload(r, id, up)
	}
	return up, nil
}

// brokenUpload keeps what is said about size and time and explains everything
// else.
func brokenUpload(err error) error {
	var size *http.MaxBytesError
	var said *problem
	if errors.As(err, &size) || errors.As(err, &said) {
		return err
	}
	return refuse(badRequest, "send the upload again", "the upload broke off or is not multipart content").because(err)
}

func (u *upload) take(part *multipart.Part) error {
	name := part.FormName()
	switch {
	case name == "media":
		return u.media.take(part)
	case name != "campaign" && name != "contacts":
		return refuse(badRequest, "send the parts campaign, contacts and media, and no other", "the upload has a part %q", name)
	case name == "campaign" && u.sums[0] != nil, name == "contacts" && u.sums[1] != nil:
		return refuse(badRequest, "send each part once", "the upload has two parts %q", name)
	case name == "campaign":
		return u.takeDefinition(part)
	}
	var err error
	u.contacts, u.sums[1], err = keep(part, contacts.DefaultLimits().FileBytes)
	return err
}

func (u *upload) takeDefinition(part io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(part, maxDefinition+1))
	if err != nil {
		return brokenUpload(err)
	}
	if len(text) > maxDefinition {
		return refuse(tooLarge, "check that the parts are not mixed up", "the campaign has more than %d bytes", maxDefinition)
	}
	sum := sha256.Sum256(text)
	u.definition, u.sums[0] = text, sum[:]
	return nil
}

// complete looks whether the parts that are needed have come.
func (u *upload) complete(needed ...string) error {
	for i, name := range []string{"campaign", "contacts"} {
		if u.sums[i] == nil && slices.Contains(needed, name) {
			return refuse(badRequest, "send the parts "+strings.Join(needed, " and "), "the upload has no part %q", name)
		}
	}
	return nil
}

// hash tells whether another upload has the same content.
func (u *upload) hash() string {
	sum := sha256.Sum256(slices.Concat(u.sums[0], u.sums[1], u.media.sum()))
	return hex.EncodeToString(sum[:])
}

func (u *upload) remove() {
	if u.contacts != nil {
		_ = u.contacts.Close() // nobody reads it any more
	}
	u.media.remove()
}

// keep writes a body to a temporary file and sums it up. After an error there is
// no file.
func keep(body io.Reader, limit int64) (file *os.File, sum []byte, err error) {
	if file, err = contacts.Scratch(); err != nil {
		return nil, nil, fmt.Errorf("keep an upload: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
			file, sum = nil, nil
		}
	}()
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, digest), io.LimitReader(body, limit+1))
	var written *os.PathError
	switch {
	case errors.As(err, &written):
		return file, nil, fmt.Errorf("keep an upload: %w", err)
	case err != nil:
		return file, nil, brokenUpload(err)
	case n > limit:
		return file, nil, refuse(tooLarge, "split the list", "the list has more than %d bytes", limit)
	}
	return file, digest.Sum(nil), nil
}
