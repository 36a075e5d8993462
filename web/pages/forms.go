package pages

import (
	"errors"
	"io"
	"net/http"

	"carillon/api"
)

// maxForm is how large a form without files may be, in bytes: a campaign's text
// has the most.
const maxForm = 2 << 20

// maxField is how long one field beside a file may be, in bytes.
const maxField = 64 << 10

// readForm reads a form without files.
func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &size):
		return &api.Problem{Type: api.TooLarge.Type(), Title: "Too large", Status: http.StatusRequestEntityTooLarge, Detail: "the form is too long", Hint: "shorten it"}
	case err != nil:
		return badForm()
	}
	return nil
}

// field reads a field of a form that has files.
func field(part io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxField))
	if err != nil {
		return "", badForm()
	}
	return string(text), nil
}

func badForm() error {
	return &api.Problem{
		Type: api.BadRequest.Type(), Title: "The form cannot be understood", Status: http.StatusBadRequest,
		Detail: "something is missing in the form", Hint: "go back, fill it in and send it again",
	}
}
