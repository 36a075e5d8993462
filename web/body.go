package web

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
)

// readJSON reads a request's body of at most so many bytes, whose members all
// have to be known. The hint is for a caller whose body is not like that.
func readJSON(w http.ResponseWriter, r *http.Request, most int64, hint string, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return refuse(wrongType, "send application/json", "the content is %q", r.Header.Get("Content-Type"))
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(into)
	var size *http.MaxBytesError
	var said *problem
	if err == nil || errors.As(err, &size) || errors.As(err, &said) {
		return err
	}
	return refuse(badRequest, hint, "the body cannot be read: %s", unreadable(err))
}

// unreadable says what is wrong with a JSON document to somebody who knows
// nothing of our types.
func unreadable(err error) string {
	var mismatch *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &mismatch):
		where := "it"
		if mismatch.Field != "" { // a path, in which types that are embedded stand, too
			where = fmt.Sprintf("%q", mismatch.Field[strings.LastIndex(mismatch.Field, ".")+1:])
		}
		value, _, _ := strings.Cut(mismatch.Value, " ") // a number may be followed by its digits
		return fmt.Sprintf("%s has the type %s and must have the type %s", where, value, jsonType(mismatch.Type))
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is not JSON: %v (byte %d)", syntax, syntax.Offset)
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// jsonType is what a value of a type is in JSON, in the words of the errors.
func jsonType(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "number"
}
