package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// maxWebhook is how large a webhook's body may be, in bytes. Meta's have up to
// 3 MB (Meta, webhooks overview).
const maxWebhook = 4 << 20

// errNoChannel says so without listing those there are: anybody may ask.
func errNoChannel() error {
	return refuse(notFound, "compare the address with the channels in the configuration", "there is no channel with this name")
}

func errStranger() error {
	return refuse(unauthorized, "the server's log says more", "the request does not come from the provider")
}

// webhook takes in what the provider tells. It answers 200 once the events are on
// disk, 503 while they cannot be written, upon which the provider sends them
// again, and 200 to what is signed but makes no sense: that would be sent for
// days, and never make any. Where the provider checks the webhook's address it
// gets its own reply.
func (s *Server) webhook(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("channel")
	channel, known := s.channels[name]
	if !known || channel.Hook == nil {
		return errNoChannel()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	if err != nil {
		return brokenUpload(err)
	}
	told, reply, err := channel.Hook.Receive(whatsapp.Request{Method: r.Method, Query: r.URL.Query(), Header: r.Header, Body: body})
	switch {
	case errors.Is(err, whatsapp.ErrMalformed):
		s.metrics.malformed.WithLabelValues(name).Inc()
		s.log.Error("a webhook cannot be understood", "request", visitOf(r).id, "channel", name, "provider", channel.Provider, "error", err)
		w.WriteHeader(http.StatusOK)
		return nil
	case err != nil:
		s.refused(r, name, err)
		return errStranger()
	case reply != nil:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, reply.Text) // a caller who has gone need not be told
		return nil
	}
	if err := s.takeEvents(r, name, told); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// takeEvents records what one webhook told.
func (s *Server) takeEvents(r *http.Request, channel string, told whatsapp.Events) error {
	if err := s.takeReceipts(r, channel, told.Receipts); err != nil {
		return err
	}
	if err := s.takeWords(r, channel, told); err != nil {
		return err
	}
	return s.takeNotices(r, channel, told.Notices)
}

func (s *Server) refused(r *http.Request, channel string, err error) {
	s.metrics.refused.WithLabelValues(channel).Inc()
	s.log.Warn("webhook refused", "request", visitOf(r).id, "channel", channel, "from", s.originOf(r).address, "error", err)
}

// takeReceipts records the receipts of all numbers that are ours.
func (s *Server) takeReceipts(r *http.Request, arrivedAt string, told []whatsapp.Receipt) error {
	receipts := make([]ledger.Receipt, 0, len(told))
	timed := make([]bool, 0, len(told)) // the provider says when it happened
	for _, receipt := range told {
		channel, ours := s.channelOf(receipt.Number, arrivedAt)
		if !ours {
			s.stranger(r, arrivedAt, receipt.Number)
			continue
		}
		receipts = append(receipts, s.receipt(channel, receipt))
		timed = append(timed, !receipt.At.IsZero())
	}
	if len(receipts) == 0 {
		return nil
	}
	about, err := s.ledger.Receive(r.Context(), receipts, s.now())
	if err != nil {
		return refuse(unavailable, "send it again", "the receipts cannot be recorded").because(err)
	}
	recorded := s.now()
	for i, receipt := range receipts {
		s.metrics.receipts.WithLabelValues(receipt.Channel, receipt.Status.String()).Inc()
		if timed[i] {
			s.metrics.hooks.delays.WithLabelValues(receipt.Channel, receipt.Status.String()).Observe(max(0, recorded.Sub(receipt.At)).Seconds())
		}
		s.watchCampaign(r, receipt, about[i])
	}
	return nil
}

// watchCampaign tells the guard what a receipt that is on disk says of its
// campaign, and pauses it where that was one too many. Receipts of messages
// that were sent before a resume count like any other.
func (s *Server) watchCampaign(r *http.Request, receipt ledger.Receipt, about ledger.Received) {
	if about.Message == 0 || receipt.Status == campaign.Sent {
		return // it is not known whose it is, or not yet what becomes of it
	}
	if about.WindowShut { // the ledger has done what there is to do
		s.metrics.shut.WithLabelValues(receipt.Channel).Inc()
		return
	}
	id, channel := about.Message.Campaign(), receipt.Channel
	if stops := receipt.Failure.Pause; about.Stopped {
		s.log.Error("a receipt reports a problem that pauses campaigns or stops channels", "request", visitOf(r).id, "channel", channel, "campaign", id, "trouble", stops, "reason", receipt.Failure.WithoutWords().String())
	}
	if about.Renews {
		return // it says nothing of the campaign yet
	}
	reason, logged := s.guards[channel].Observe(about.Message, about.Attempt, receipt.Failure)
	if reason == "" {
		return
	}
	// A provider that hangs up now will not tell again.
	ran, err := s.ledger.PauseBecause(context.WithoutCancel(r.Context()), id, reason)
	if err != nil {
		s.log.Error("cannot pause a campaign that should stop", "request", visitOf(r).id, "campaign", id, "reason", logged, "error", err)
		return
	}
	if ran {
		s.log.Error("campaign paused", "request", visitOf(r).id, "channel", channel, "campaign", id, "reason", logged)
	}
}

// peersOf are the channels of each channel's app.
func peersOf(channels map[string]Channel) map[string][]string {
	peers := make(map[string][]string, len(channels))
	for name, channel := range channels {
		for other, candidate := range channels {
			own, its := channel.Identity.App, candidate.Identity.App
			sameApp := own != "" && own == its && candidate.Provider == channel.Provider
			if other == name || sameApp {
				peers[name] = append(peers[name], other)
			}
		}
		slices.Sort(peers[name])
	}
	return peers
}

// channelOf is the channel that has the number, among those that the app whose
// webhook it is may speak for. A provider that does not tell the number means the
// channel whose address it called.
func (s *Server) channelOf(number, arrivedAt string) (name string, ours bool) {
	if number == "" || s.channels[arrivedAt].Identity.Number == number {
		return arrivedAt, true
	}
	for _, name := range s.peers[arrivedAt] {
		if s.channels[name].Identity.Number == number {
			return name, true
		}
	}
	return "", false
}

func (s *Server) stranger(r *http.Request, arrivedAt, number string) {
	s.metrics.strangers.WithLabelValues(arrivedAt).Inc()
	s.log.Debug("a webhook names a number that no channel has", "request", visitOf(r).id, "channel", arrivedAt, "number", number)
}

// receipt is a provider's receipt as the ledger takes it. One without a time
// happened now.
func (s *Server) receipt(channel string, told whatsapp.Receipt) ledger.Receipt {
	receipt := ledger.Receipt{
		Channel: channel, Peers: s.peers[channel],
		ProviderID: told.ID, Keys: told.Recipient.Keys(), Status: told.Status, At: told.At, Failure: told.Failure(),
	}
	if message, attempt, ok := campaign.ParseReference(told.Reference); ok {
		receipt.Message, receipt.Attempt = message, attempt
	}
	if receipt.At.IsZero() {
		receipt.At = s.now()
	}
	if receipt.Failure.Pause != campaign.PauseNothing || receipt.Failure.Slows {
		receipt.Failure.Account = s.channels[channel].Account
	}
	return receipt
}
