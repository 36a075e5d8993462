package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readDocument reads the one YAML document of a file. JSON is read by its own
// rules: YAML forbids some of what JSON allows, such as tabs between tokens
// and surrogate pairs.
func readDocument(data []byte) (*yaml.Node, *Mistake) {
	if start := bytes.TrimSpace(data); len(start) > 0 && start[0] == '{' && json.Valid(data) {
		r := jsonReader{decoder: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1}
		r.decoder.UseNumber()
		return r.value(), nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, mistakeAt("", "the file is empty; write at least name, channel and steps")
	}
	if err != nil {
		return nil, syntaxMistake(err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxMistake(err)
		}
		return nil, &Mistake{Line: more.Line, Message: "a second document begins; write one campaign per file"}
	}
	return document.Content[0], nil
}

// syntaxMistake takes the line out of what the YAML reader says.
func syntaxMistake(err error) *Mistake {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if _, err := fmt.Sscanf(text, "line %d:", &line); err == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &Mistake{Line: line, Message: "this is not YAML: " + text}
}

// jsonReader makes YAML nodes of valid JSON.
type jsonReader struct {
	decoder *json.Decoder
	data    []byte
	counted int64 // bytes whose line breaks are in line
	line    int
}

func (r *jsonReader) value() *yaml.Node {
	token, err := r.decoder.Token()
	if err != nil {
		panic(err) // the text was found valid before
	}
	end := r.decoder.InputOffset()
	r.line += bytes.Count(r.data[r.counted:end], []byte("\n"))
	r.counted = end
	node := &yaml.Node{Kind: yaml.ScalarNode, Line: r.line}
	switch t := token.(type) {
	case json.Delim:
		node.Kind, node.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			node.Kind, node.Tag = yaml.MappingNode, "!!map"
		}
		for r.decoder.More() {
			node.Content = append(node.Content, r.value())
		}
		if _, err := r.decoder.Token(); err != nil {
			panic(err)
		}
	case string:
		node.Tag, node.Value = "!!str", t
	case json.Number:
		node.Tag, node.Value = "!!float", t.String()
		if !strings.ContainsAny(node.Value, ".eE") {
			node.Tag = "!!int"
		}
	case bool:
		node.Tag, node.Value = "!!bool", fmt.Sprint(t)
	case nil:
		node.Tag, node.Value = "!!null", "null"
	}
	return node
}
