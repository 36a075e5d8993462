package web

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// showDefinition shows a campaign's definition, word for word as it was uploaded. Of
// one whose text was not kept it shows what was read of it, as JSON.
func (s *Server) showDefinition(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	source, err := s.ledger.Source(r.Context(), c.ID)
	if err != nil {
		return err
	}
	text, kind := []byte(source), "application/yaml"
	if source == "" {
		if text, err = json.MarshalIndent(c.Definition, "", "  "); err != nil {
			return err
		}
	}
	if json.Valid(bytes.TrimSpace(text)) {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(text) // a caller who has gone need not be told
	return nil
}
