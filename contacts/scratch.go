package contacts

import (
	"errors"
	"fmt"
	"os"
)

// Scratch makes an empty temporary file that has no name any more: it is gone
// when it is closed and also when the process dies. A list that is kept in one is
// on no disk once nobody reads it.
func Scratch() (*os.File, error) {
	file, err := os.CreateTemp("", "carillon-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("make a temporary file: %w", err), file.Close())
	}
	return file, nil
}
