package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// shownMatches is how many files an error names.
const shownMatches = 5

// copyFile writes the one file that a pattern means at a date.
//
// It is copied although it could be read where it is: the import takes many
// times as long as the copy, whoever writes the next list meanwhile would mix
// the two, and a path that was looked at could lead elsewhere when it is opened
// again. A file that changes under the copy is an error. Who writes it slowly
// has to write it under another name and rename it then.
func copyFile(pattern string, at time.Time, o Options, to io.Writer) error {
	where, err := openFolder(o)
	if err != nil {
		return err
	}
	defer where.close()
	name, err := where.find(datedPath(pattern, at))
	if err != nil {
		return err
	}
	file, err := where.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return where.missing(name)
	}
	if err != nil {
		return fmt.Errorf("%w; let the server's user read it", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	return copyStill(file, name, to)
}

// copyStill copies a regular file that nobody writes to meanwhile.
func copyStill(file *os.File, name string, to io.Writer) error {
	before, err := file.Stat()
	if err != nil {
		return err
	}
	if !before.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file; name a regular file", name)
	}
	n, err := io.Copy(to, io.LimitReader(file, before.Size()+1)) // one byte more shows that it grows
	if err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return err
	}
	if n != before.Size() || after.Size() != n || !after.ModTime().Equal(before.ModTime()) {
		return fmt.Errorf("%s is being written; write it under another name and rename it when it is complete", name)
	}
	return nil
}

// folder is where files are looked for.
type folder struct {
	dir string
	// root keeps what is opened within dir; nil where any file may be.
	root *os.Root
}

func openFolder(o Options) (folder, error) {
	if !o.Confined {
		return folder{dir: o.Dir}, nil
	}
	if o.Dir == "" {
		return folder{}, refusef("there is no folder that files may be read from")
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return folder{}, fmt.Errorf("the folder of the lists: %w; create it", err)
	}
	return folder{o.Dir, root}, nil
}

func (f folder) close() {
	if f.root != nil {
		_ = f.root.Close() // it was only read
	}
}

// find returns the one file that matches.
func (f folder) find(pattern string) (name string, err error) {
	if f.root != nil && !filepath.IsLocal(pattern) {
		return "", refusef("the path leads out of %s, where lists are read from; put the list there", f.dir)
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		return pattern, nil
	}
	matches, err := f.glob(pattern)
	if err != nil {
		return "", err
	}
	switch len(matches) {
	case 0:
		return "", f.missing(pattern)
	case 1:
		return matches[0], nil
	}
	slices.Sort(matches)
	shown := strings.Join(matches[:min(len(matches), shownMatches)], ", ")
	if more := len(matches) - shownMatches; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return "", fmt.Errorf("%d files match %s: %s; narrow the pattern, or move the other files away", len(matches), pattern, shown)
}

func (f folder) glob(pattern string) ([]string, error) {
	if f.root != nil {
		return fs.Glob(f.root.FS(), path.Clean(pattern))
	}
	if !filepath.IsAbs(pattern) {
		plain := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(f.dir)
		pattern = filepath.Join(plain, pattern)
	}
	return filepath.Glob(pattern)
}

// open does not wait where the name is that of a pipe.
func (f folder) open(name string) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NONBLOCK
	if f.root != nil {
		return f.root.OpenFile(name, flags, 0)
	}
	return os.OpenFile(f.place(name), flags, 0)
}

// place is the path of a file where any may be read.
func (f folder) place(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.dir, name)
}

func (f folder) missing(pattern string) error {
	return fmt.Errorf("file %s does not exist (%w); put the list there, or correct file", f.place(pattern), fs.ErrNotExist)
}
