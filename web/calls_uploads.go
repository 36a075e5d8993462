package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"carillon/api"
	"carillon/campaign"
	"carillon/contacts"
	"carillon/ledger"
)

// maxFileName is how much of a file's name is kept, in bytes.
const maxFileName = 200

// addUpload keeps a list, or a file for messages, of a campaign that is not written yet. What is in it is not
// looked at: how it is read can still be told.
func (s *Server) addUpload(w http.ResponseWriter, r *http.Request) error {
	s.byPieces(r)
	file, sum, err := keep(r.Body, contacts.DefaultLimits().FileBytes)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // nobody reads it any more
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("keep an upload: %w", err)
	}
	if size == 0 {
		return refuse(badContacts, "choose a file that has something in it", "the file is empty")
	}
	u := ledger.Upload{
		ID: strings.ToLower(rand.Text()), Owner: visitOf(r).caller.name, Name: fileName(r.URL.Query().Get("name")),
		Size: size, Hash: hex.EncodeToString(sum), Created: s.now(),
	}
	err = s.ledger.AddUpload(r.Context(), u, io.NewSectionReader(file, 0, size))
	if errors.Is(err, ledger.ErrUploadsFull) {
		return refuse(tooLarge, "wait until they are gone, or launch the campaign with its list", "%v", ledger.ErrUploadsFull)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/uploads/"+u.ID)
	return answer(w, http.StatusCreated, viewUpload(u))
}

// fileName is the name of a file without its folder.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	if name == "." || name == "/" {
		return "list"
	}
	return strings.ToValidUTF8(name[:min(len(name), maxFileName)], "")
}

func viewUpload(u ledger.Upload) api.Upload {
	return api.Upload{ID: u.ID, Name: u.Name, Size: u.Size, CreatedAt: u.Created, ExpiresAt: u.Expires()}
}

// uploadOf finds an upload of the caller.
func (s *Server) uploadOf(r *http.Request, id string) (ledger.Upload, error) {
	u, err := s.ledger.Upload(r.Context(), id, visitOf(r).caller.name, s.now())
	return u, goneUpload(err)
}

func goneUpload(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return refuse(notFound, "upload the file again; it is kept for a day, and until somebody is erased", "this upload is not there any more")
	}
	return err
}

// showUpload says how an uploaded list is read.
func (s *Server) showUpload(w http.ResponseWriter, r *http.Request) error {
	options, err := readContactOptions(r.URL.Query())
	if err != nil {
		return err
	}
	up := &upload{}
	defer up.remove()
	if err := s.fetchUpload(r, r.PathValue("id"), up); err != nil {
		return err
	}
	list, err := contacts.OpenFile(up.contacts, options, contacts.Limits{})
	if err != nil {
		return err
	}
	defer func() { _ = list.Close() }() // it was only read
	shown := viewUpload(up.kept)
	layout := list.Layout()
	shown.Layout, shown.Columns = &layout, list.Samples()
	return answer(w, http.StatusOK, shown)
}

// fetchUpload brings an uploaded list into a temporary file, in the place of a part of
// the request.
func (s *Server) fetchUpload(r *http.Request, id string, up *upload) (err error) {
	if up.contacts != nil {
		return refuse(badRequest, "leave one of them out", "the list has come as a part and as an upload")
	}
	if up.kept, err = s.uploadOf(r, id); err != nil {
		return err
	}
	if up.sums[1], err = hex.DecodeString(up.kept.Hash); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	if up.contacts, err = contacts.Scratch(); err != nil {
		return fmt.Errorf("fetch an upload: %w", err)
	}
	return goneUpload(s.ledger.ReadUpload(r.Context(), up.kept, up.contacts))
}

// fetchMedia brings an uploaded file to those that messages have, under its name.
func (s *Server) fetchMedia(r *http.Request, id string, up *upload) error {
	kept, err := s.uploadOf(r, id)
	if err != nil {
		return err
	}
	if kept.Size > campaign.LargestFile {
		return refuse(tooLarge, "make the file smaller", "the file %q has more than %d MiB", kept.Name, campaign.LargestFile>>20)
	}
	return up.media.add(kept.Name, func(to io.Writer) error { return goneUpload(s.ledger.ReadUpload(r.Context(), kept, to)) })
}
