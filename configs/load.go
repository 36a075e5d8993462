package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"carillon/whatsapp"
)

// maxFile is the longest file that is read, in bytes. A thousand channels need
// half of it.
const maxFile = 1 << 20

// everybody is what a mode allows to those who are neither the owner nor of the
// group, which is how a service's user is often let in.
const everybody fs.FileMode = 0o007

// Load reads and checks the file at path. A value may name variables, ${NAME},
// which env looks up (os.LookupEnv does); $${ stands for a literal ${. specs are
// the kinds of providers that channels may name, the first that of channels that
// name none. The error wraps that of opening the file, or joins every *Mistake in it; those of
// its calendars are looked for once it has none.
func Load(path string, env func(string) (string, bool), specs []whatsapp.Spec) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	config, literal, err := read(path, data, env, specs)
	if err != nil {
		return nil, err
	}
	if about, err := file.Stat(); err == nil && about.Mode().Perm()&everybody != 0 {
		config.Exposed = config.plainSecrets(literal)
	}
	config.beside(path)
	if _, err := config.Calendars(); err != nil {
		return nil, err
	}
	if config.Dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return config, nil
}

// read makes a configuration of a file's bytes; name stands in the mistakes. The
// paths of values that name no variable are literal.
func read(name string, data []byte, env func(string) (string, bool), specs []whatsapp.Spec) (_ *Config, literal map[string]bool, _ error) {
	found := newMistakes(name)
	document := readDocument(data, found)
	if document == nil {
		return nil, nil, found.err()
	}
	config := Default()
	reader := decoder{mistakes: found, env: env, literal: map[string]bool{}, specs: specs}
	reader.decode(document, reflect.ValueOf(config).Elem(), "")
	check(config, specs, found)
	if err := found.err(); err != nil {
		return nil, nil, err
	}
	return config, reader.literal, nil
}

// readDocument reads the one document of a file; nil after a mistake.
func readDocument(data []byte, found *mistakes) *yaml.Node {
	if len(data) > maxFile {
		found.wrong("", "the file is longer than %d bytes; is this the right file?", maxFile)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(shield(data)))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		found.wrong("", "the file is empty; write at least one channel, as configs/example.yaml shows")
		return nil
	}
	if err != nil {
		found.syntax(err)
		return nil
	}
	if err := decoder.Decode(&more); errors.Is(err, io.EOF) {
		return document.Content[0]
	} else if err != nil {
		found.syntax(err)
		return nil
	}
	found.lines[""] = more.Line
	found.wrong("", "a second document begins here; remove the line ---, or what follows it")
	return nil
}

// syntax puts on record what the YAML reader says, less the words it quotes
// from the file: they may be part of a secret.
func (m *mistakes) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if _, err := fmt.Sscanf(text, "line %d:", &line); err == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	if before, _, quotes := strings.Cut(text, "'"); quotes && strings.Contains(text, "anchor") {
		text = before + "(put the value in quotes if it begins with * or &)"
	}
	m.lines[""] = line
	m.wrong("", "this is not YAML: %s", text)
}
