package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"carillon/admission"
	"carillon/campaign"
	"carillon/client"
	"carillon/contacts"
)

// folders are where a campaign's files are: those that it names are beside it, those
// that the list names in a folder of their own.
type folders struct {
	fixed          map[string]bool
	beside, listed *os.Root
}

// Open opens a file below its folder, links that lead out of it excepted.
func (f folders) Open(name string) (fs.File, error) {
	if f.fixed[name] {
		return f.beside.Open(name)
	}
	return f.listed.Open(name)
}

// openMedia opens the folders of a campaign's files. mediaDir is that of the files
// that the list names; empty for the campaign's own.
func openMedia(campaignPath, mediaDir string, def *campaign.Definition) (source fs.FS, done func(), err error) {
	f := folders{fixed: map[string]bool{}}
	for _, step := range def.Steps {
		for _, use := range step.FileUses() {
			f.fixed[use.Name] = true
		}
	}
	if f.beside, err = os.OpenRoot(filepath.Dir(campaignPath)); err != nil {
		return nil, nil, Usagef("%w", err)
	}
	f.listed = f.beside
	if mediaDir != "" {
		if f.listed, err = os.OpenRoot(mediaDir); err != nil {
			return nil, nil, errors.Join(Usagef("--media: %w; name a folder", err), f.beside.Close())
		}
	}
	return f, func() {
		_ = f.beside.Close() // both were only read
		_ = f.listed.Close()
	}, nil
}

// usedMedia are the files of a campaign that its rows need, as parts of an upload.
// What is wrong with the campaign or the list is for the server to tell.
func usedMedia(ctx context.Context, def *campaign.Definition, contactsPath string, source fs.FS) ([]client.File, error) {
	names, listed := map[string]bool{}, false
	for _, step := range def.Steps {
		for _, use := range step.FileUses() {
			if listed = listed || use.Name == ""; use.Name != "" {
				names[use.Name] = true
			}
		}
	}
	if listed {
		if err := listedMedia(ctx, def, contactsPath, names); err != nil {
			return nil, err
		}
	}
	return partsOf(names, source), nil
}

// partsOf are the files of these names that there are.
func partsOf(names map[string]bool, source fs.FS) []client.File {
	var files []client.File
	for _, name := range slices.Sorted(maps.Keys(names)) {
		file, err := source.Open(name)
		if err != nil {
			continue // the server tells which rows lack it, or that all do
		}
		_ = file.Close() // it was only looked for
		files = append(files, client.File{Name: name, Open: func() (io.ReadCloser, error) { return source.Open(name) }})
	}
	return files
}

// listedMedia adds the names of the files that the list's rows need.
func listedMedia(ctx context.Context, def *campaign.Definition, contactsPath string, names map[string]bool) error {
	reader, err := contacts.Open(contactsPath, def.Contacts, contacts.DefaultLimits())
	if err != nil {
		return unusable(contactsPath, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	renderer, err := reader.Compile(def)
	if err != nil {
		return unusable(contactsPath, err)
	}
	for ctx.Err() == nil {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unusable(contactsPath, err)
		}
		for step := range def.Steps {
			for _, name := range renderer.Files(step, row.Values) {
				names[name] = true
			}
		}
		if len(names) > admission.MostFiles {
			return Usagef("%s: its rows name more than %d files; split the list", contactsPath, admission.MostFiles)
		}
	}
	return fmt.Errorf("interrupted before the list was read: %w", ctx.Err())
}
