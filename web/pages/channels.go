package pages

import (
	"net/http"

	"carillon/api"
)

// channelsView is the list of sending numbers.
type channelsView struct{ Items []channelLine }

// channelLine is a number in the list.
type channelLine struct {
	api.Channel
	// Trouble is what is wrong with it, empty where nothing is.
	Trouble string
}

// troubleOf is what keeps a number from sending, or from being known.
func troubleOf(c api.Channel) string {
	switch {
	case c.QueueTrouble != "":
		return "The queue takes no tasks: " + c.QueueTrouble
	case c.AskError != "":
		return "The provider does not say how it stands: " + c.AskError
	}
	return c.Account
}

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
	var view channelsView
	for _, one := range items {
		view.Items = append(view.Items, channelLine{one, troubleOf(one)})
	}
	return p.show(w, http.StatusOK, "channels", frame{Visitor: v, Here: "channels", Data: view})
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
	return p.show(w, http.StatusOK, "channel", frame{Visitor: v, Here: "channels", Data: channelLine{one, troubleOf(one)}})
}
