package cli

import (
	"context"
	"net/http"
)

// Forgotten says what was erased of a person.
type Forgotten struct {
	// Rows is how many rows of lists held the person, Skipped how many messages
	// to them will not be sent.
	Rows    int `json:"rows"`
	Skipped int `json:"skipped"`
}

// Forget erases a person.
func (c *Client) Forget(ctx context.Context, phone string) (Forgotten, error) {
	var done Forgotten
	body := struct {
		Phone string `json:"phone"`
	}{phone}
	return done, c.call(ctx, http.MethodPost, "/api/forget", body, &done)
}
