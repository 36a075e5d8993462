package contacts

import (
	"io"
	"os"
	"testing"
)

// TestNothingIsLeft also stands for a process that dies: what has no name goes
// with its last reader.
func TestScratchLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	file, err := Scratch()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	if _, err := file.WriteString("+4915112345601"); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(io.NewSectionReader(file, 0, 100)); err != nil || string(text) != "+4915112345601" {
		t.Errorf("it reads %q, %v", text, err)
	}
}

func TestScratchWithoutAPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	if file, err := Scratch(); err == nil {
		t.Errorf("made %s in a folder that is not there", file.Name())
	}
}
