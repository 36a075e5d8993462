package web

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"mime/multipart"
	"os"
	"path"
	"slices"
	"time"

	"carillon/admission"
	"carillon/campaign"
	"carillon/contacts"
)

// media are the parts of an upload that are files for messages, one behind the other
// in a temporary file. It is a file system of theirs.
type media struct {
	file  *os.File // nil before the first
	size  int64
	parts map[string]*mediaPart
}

var _ fs.FS = (*media)(nil)

// mediaPart is where a file is.
type mediaPart struct {
	from, size int64
	sum        [sha256.Size]byte
}

// take keeps a part under its file's name.
func (m *media) take(part *multipart.Part) error {
	// FileName would leave out the folder.
	_, about, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name := path.Clean(about["filename"])
	if about["filename"] == "" || !fs.ValidPath(name) || name == "." {
		return refuse(badRequest, `give the part a filename: the one that the campaign has, such as promo.jpg`, "a part media has the filename %q", about["filename"])
	}
	return m.add(name, func(to io.Writer) error {
		_, err := io.Copy(to, io.LimitReader(part, campaign.LargestFile+1))
		var written *os.PathError
		if err == nil || errors.As(err, &written) {
			return err
		}
		return brokenUpload(err)
	})
}

// add keeps a file, which write writes.
func (m *media) add(name string, write func(to io.Writer) error) error {
	switch {
	case m.parts[name] != nil:
		return refuse(badRequest, "send each file once", "the upload has two files %q", name)
	case len(m.parts) >= admission.MostFiles:
		return refuse(tooLarge, "split the list", "the upload has more than %d files", admission.MostFiles)
	}
	if m.file == nil {
		var err error
		if m.file, err = contacts.Scratch(); err != nil {
			return fmt.Errorf("keep an upload: %w", err)
		}
		m.parts = map[string]*mediaPart{}
	}
	digest := sha256.New()
	counted := &counter{to: io.MultiWriter(m.file, digest)}
	err := write(counted)
	var written *os.PathError
	switch n := counted.n; {
	case errors.As(err, &written):
		return fmt.Errorf("keep an upload: %w", err)
	case err != nil:
		return err
	case n > campaign.LargestFile:
		return refuse(tooLarge, "make the file smaller", "the file %q has more than %d MiB", name, campaign.LargestFile>>20)
	case m.size+n > admission.MostFileBytes:
		return refuse(tooLarge, "split the list, or make the files smaller", "the files have more than %d GiB in all", admission.MostFileBytes>>30)
	}
	kept := &mediaPart{from: m.size, size: counted.n}
	digest.Sum(kept.sum[:0])
	m.parts[name], m.size = kept, m.size+counted.n
	return nil
}

// counter counts the bytes that go through it.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// sum tells other files from these; it is empty where there are none.
func (m *media) sum() []byte {
	if len(m.parts) == 0 {
		return nil
	}
	digest := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(m.parts)) {
		fmt.Fprintf(digest, "%q %x\n", name, m.parts[name].sum)
	}
	return digest.Sum(nil)
}

// Open opens a file by its name.
func (m *media) Open(name string) (fs.File, error) {
	part := m.parts[name]
	if part == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &mediaFile{io.NewSectionReader(m.file, part.from, part.size), path.Base(name)}, nil
}

func (m *media) remove() {
	if m.file != nil {
		_ = m.file.Close() // nobody reads it any more
	}
}

// mediaFile is an open one.
type mediaFile struct {
	*io.SectionReader
	name string
}

var (
	_ fs.File     = (*mediaFile)(nil)
	_ fs.FileInfo = (*mediaFile)(nil)
)

func (f *mediaFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *mediaFile) Close() error               { return nil }
func (f *mediaFile) Name() string               { return f.name }
func (f *mediaFile) Mode() fs.FileMode          { return 0o400 }
func (f *mediaFile) ModTime() time.Time         { return time.Time{} }
func (f *mediaFile) IsDir() bool                { return false }
func (f *mediaFile) Sys() any                   { return nil }
