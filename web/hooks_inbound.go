package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// takeWords records what people wrote, chose and changed. Whoever wants to be
// left alone is, from the moment at which this is answered.
func (s *Server) takeWords(r *http.Request, arrivedAt string, told whatsapp.Events) error {
	var heard []ledger.InboundEvent
	add := func(number string, heardOn func(channel string) ledger.InboundEvent) {
		channel, ours := s.channelOf(number, arrivedAt)
		if !ours {
			s.stranger(r, arrivedAt, number)
			return
		}
		h := heardOn(channel)
		h.Channel, h.Peers = channel, s.peers[channel]
		if h.At.IsZero() {
			h.At = s.now()
		}
		heard = append(heard, h)
	}
	for _, contact := range told.Contacts { // first: the others may rely on them
		add(contact.Number, func(string) ledger.InboundEvent { return of(contact.Who) })
	}
	for _, move := range told.Moves {
		add(move.Number, func(string) ledger.InboundEvent {
			h := of(move.To)
			h.Also = append(h.Also, move.From.Keys()...)
			return h
		})
	}
	for _, message := range told.Inbound {
		add(message.Number, func(channel string) ledger.InboundEvent { return s.message(r, channel, message) })
	}
	for _, choice := range told.Preferences {
		add(choice.Number, func(string) ledger.InboundEvent { return chosen(choice) })
	}
	fates, err := s.ledger.Hear(r.Context(), heard, s.now())
	if err != nil {
		return refuse(unavailable, "send it again", "the messages cannot be recorded").because(err)
	}
	for i, h := range heard {
		s.noteOptOut(r, h, fates[i])
	}
	return nil
}

// longestReply is how much of an answer is kept, in characters: whatever a
// condition could ask for.
const longestReply = 500

// message is what a person wrote, as the ledger takes it.
func (s *Server) message(r *http.Request, channel string, told whatsapp.Inbound) ledger.InboundEvent {
	h := of(told.From)
	s.metrics.message(channel, told.Type)
	s.log.Info("message received", "request", visitOf(r).id, "channel", channel, "type", told.Type, "from", maskKey(h.Person))
	reply := campaign.Reply{Payload: cut(told.Payload, longestReply), Text: cut(told.Text, longestReply), Pressed: told.Payload != "" || told.Type == "button"}
	h.ID, h.Edit, h.At = cmp.Or(told.Edits, told.ID), told.Edits != "", told.At
	h.Opens = told.Type != whatsapp.Edit && told.Type != whatsapp.Revoke
	h.Message, h.ReplyTo, h.Reply, h.Source = true, told.ReplyTo, reply, ledger.SourcePerson
	if says(told) {
		h.Answers = true
		h.OptOut, h.OptIn = s.keywords.Of(reply)
	}
	return h
}

// says reports whether a message is one that may answer ours, opt out or opt in. An
// emoji on a message is no answer to it. What a person deletes was said all the
// same: a STOP stays one. An edit counts as what it says, where that is told.
func says(told whatsapp.Inbound) bool {
	switch told.Type {
	case "reaction", whatsapp.Revoke:
		return false
	case whatsapp.Edit:
		return told.Edits != ""
	}
	return true
}

// chosen is what a person chose in WhatsApp's own menu.
func chosen(told whatsapp.Preference) ledger.InboundEvent {
	h := of(told.From)
	h.At, h.Source = told.At, ledger.SourceProvider
	if told.Stop {
		h.OptOut = campaign.ScopeMarketing
	} else {
		h.OptIn, h.Restores = true, campaign.ScopeMarketing
	}
	return h
}

// of is something that is heard of a person.
func of(who whatsapp.Who) (h ledger.InboundEvent) {
	if keys := who.Keys(); len(keys) > 0 {
		h.Person, h.Also = keys[0], keys[1:]
	}
	return h
}

// cut shortens what a person wrote, and takes out what PostgreSQL cannot store: it
// would refuse the whole webhook, however often it came.
func cut(text string, most int) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// noteOptOut tells operators of an opt-out or opt-in, and what became of it.
func (s *Server) noteOptOut(r *http.Request, h ledger.InboundEvent, fate ledger.Fate) {
	optOut := ""
	switch {
	case h.OptOut != "":
		optOut = "stop"
	case h.OptIn:
		optOut = "start"
	default:
		return
	}
	s.metrics.optOut(h.Channel, optOut, fate)
	level, text := slog.LevelInfo, "an opt-out or opt-in is on record"
	switch fate {
	case ledger.FateWaiting:
		level, text = slog.LevelWarn, "an opt-out or opt-in waits until the number of the user ID is known"
	case ledger.FateNobody:
		level, text = slog.LevelWarn, "an opt-out or opt-in names no known person and answers no known message, so it cannot be recorded"
	case ledger.FateTakenBack:
		text = "an opt-out or opt-in came late: the person has taken it back since"
	case ledger.FateErased:
		text = "an opt-out or opt-in of a person who was erased: nothing is sent to them in any case"
	}
	s.log.Log(r.Context(), level, text, "request", visitOf(r).id, "channel", h.Channel, "wish", optOut, "scope", h.OptOut,
		"by", h.Source.String(), "from", maskKey(h.Person), "written", h.At.UTC().Format(time.RFC3339))
}
