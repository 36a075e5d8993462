package sources

import (
	"errors"
	"os"
	"syscall"
)

// writerFunc is a writer that something happens at.
type writerFunc func() error

func (f writerFunc) Write(p []byte) (int, error) { return len(p), f() }

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
