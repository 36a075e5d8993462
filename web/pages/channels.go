package pages

import "net/http"

// channels shows every sending number.
func (p *Pages) channels(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	items, err := c.Channels(r.Context())
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "channels", frame{Visitor: v, Here: "channels", Data: items})
}

// channel shows one sending number with what its provider has told of it.
func (p *Pages) channel(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	one, err := c.Channel(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "channel", frame{Visitor: v, Here: "channels", Data: &one})
}
