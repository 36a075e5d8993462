package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// takeNotices puts what is told of templates, numbers and accounts on record, and
// stops what one that cannot be used any more would have sent.
func (s *Server) takeNotices(r *http.Request, arrivedAt string, told []whatsapp.Notice) error {
	for _, notice := range told {
		channel, ours := s.concernedChannel(notice, arrivedAt)
		if !ours {
			s.stranger(r, arrivedAt, notice.Number)
			continue
		}
		if err := s.noticeTemplate(r.Context(), channel, notice); err != nil {
			return err
		}
		taken, err := s.takeNotice(r.Context(), channel, notice)
		if err != nil {
			return refuse(unavailable, "send it again", "the notice cannot be recorded").because(err)
		}
		s.noteNotice(r, channel, notice, taken)
	}
	return nil
}

// noticeTemplate has the templates asked for again where a notice is about one.
func (s *Server) noticeTemplate(ctx context.Context, channel string, notice whatsapp.Notice) error {
	if notice.Template == "" || s.approved == nil {
		return nil
	}
	if err := s.approved.Notice(ctx, channel); err != nil {
		return refuse(unavailable, "send it again", "the change of a template cannot be noted").because(err)
	}
	return nil
}

// takeNotice puts one on record. Where it tells no time and would stop something,
// the provider is asked first.
func (s *Server) takeNotice(ctx context.Context, channel string, notice whatsapp.Notice) (ledger.Taken, error) {
	n := ledger.Notice{
		Topic: string(notice.Topic), Trouble: s.trouble(channel, notice), Reason: notice.Reason, Detail: notice.Detail,
		At: notice.At, Facts: s.facts(channel, notice),
	}
	taken, err := s.ledger.TakeNotice(ctx, n, s.now())
	if err != nil || !taken.Ask {
		return taken, err
	}
	n.Present = s.present(ctx, channel, notice, n.Trouble.Scope)
	return s.ledger.TakeNotice(ctx, n, s.now())
}

// noteNotice tells operators of a notice, and what became of it.
func (s *Server) noteNotice(r *http.Request, channel string, notice whatsapp.Notice, taken ledger.Taken) {
	level, text := slog.LevelWarn, "the provider sent a notice"
	if taken.Repeated {
		level, text = slog.LevelInfo, "the provider sent a notice again, which does nothing more"
	}
	detail := campaign.Masked(notice.Detail, nil)
	s.log.Log(r.Context(), level, text, "request", visitOf(r).id, "channel", channel, "about", string(notice.Topic),
		"template", notice.Template, "reason", notice.Reason, "detail", detail, "effect", taken.Effect)
	if taken.Stopped > 0 {
		s.log.Error("campaigns paused because of a provider's notice", "request", visitOf(r).id, "channel", channel,
			"campaigns", taken.Stopped, "reason", notice.Reason, "detail", detail)
	}
}

// facts are what a notice tells of the channels. The limit and what is told of the
// account hold for all numbers of the account; the rest for the number alone that it
// names, or that is the only one there is.
func (s *Server) facts(channel string, notice whatsapp.Notice) []ledger.Fact {
	now, at := s.now(), notice.At
	if at.IsZero() {
		at = now
	}
	every := campaign.NumberState{Tier: notice.Told.Tier, DailyRecipients: notice.Told.DailyRecipients}
	var facts []ledger.Fact
	if notice.Number != "" || s.channels[channel].Identity.Number == "" {
		facts = ledger.FactsOf(channel, notice.Told, at, ledger.SourceNotice)
	}
	account := s.channels[channel].Account
	if len(account) == 0 {
		account = []string{channel}
	}
	for _, name := range account {
		facts = append(facts, ledger.FactsOf(name, every, at, ledger.SourceNotice)...)
		switch notice.Topic {
		case whatsapp.AccountAccess, whatsapp.AccountBan, whatsapp.AccountBounds:
			facts = append(facts, ledger.Fact{Channel: name, Name: ledger.FactAccount, Value: notice.Reason, At: at, Source: ledger.SourceNotice})
		case whatsapp.NumbersNews, whatsapp.AccountLimit:
		default:
			continue
		}
		facts = append(facts, ledger.Fact{Channel: name, Name: ledger.FactNews, Value: notice.Reason, At: now, Source: ledger.SourceNotice})
	}
	return facts
}

// askFor is how long the provider is asked while it waits for the answer to its
// webhook.
const askFor = 10 * time.Second

// present asks the provider how that stands which a notice is about.
func (s *Server) present(ctx context.Context, channel string, notice whatsapp.Notice, scope campaign.PauseScope) ledger.Present {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	ask := s.presentNumber
	if scope == campaign.PauseTemplate {
		ask = s.presentTemplate
	}
	present, err := ask(ctx, channel, notice)
	if err != nil {
		s.log.Warn("a notice has no time, and the provider does not say how it stands now", "channel", channel, "reason", notice.Reason, "error", err)
	}
	return present
}

func (s *Server) presentTemplate(ctx context.Context, channel string, notice whatsapp.Notice) (ledger.Present, error) {
	library := s.channels[channel].Library
	if library == nil {
		return ledger.Unanswered, nil
	}
	list, err := library.Templates(ctx)
	if err != nil {
		return ledger.Unanswered, err
	}
	for _, t := range list {
		usable := t.Sendable() && (notice.Category == "" || t.Category != notice.Category)
		if t.Name == notice.Template && (notice.Language == "" || t.Language == notice.Language) && usable {
			return ledger.Over, nil
		}
	}
	return ledger.Holds, nil
}

func (s *Server) presentNumber(ctx context.Context, channel string, _ whatsapp.Notice) (ledger.Present, error) {
	numbers := s.channels[channel].Numbers
	if numbers == nil {
		return ledger.Unanswered, nil
	}
	state, err := numbers.State(ctx)
	switch {
	case err != nil:
		return ledger.Unanswered, err
	case state.CannotSend():
		return ledger.Holds, nil
	case state.CanSend():
		return ledger.Over, nil
	}
	return ledger.Unanswered, nil
}

// trouble is what a notice makes unusable.
func (s *Server) trouble(channel string, notice whatsapp.Notice) campaign.Trouble {
	t := campaign.Trouble{
		Step:   campaign.Step{Template: notice.Template, Language: notice.Language},
		Number: channel, Account: s.channels[channel].Account, Except: notice.Category,
	}
	if notice.Number != "" && notice.Topic == whatsapp.NumbersNews {
		t.Account = nil // the others may be told the same
	}
	switch notice.Scope {
	case whatsapp.TemplateScope:
		t.Scope = campaign.PauseTemplate
	case whatsapp.NumberScope:
		t.Scope = campaign.PauseChannel
	case whatsapp.AccountScope:
		t.Scope = campaign.PauseAccount
	}
	if notice.Err != nil && t.Scope == campaign.PauseNothing {
		t.Scope = notice.Err.Failure().Pause
	}
	return t
}

// concernedChannel is a channel of the account that a notice is about, among those
// that the app may speak for: the one with its number, else one of the account. An
// account that is not in the configuration is that of the channel whose address was
// called, if that does not say which it has.
func (s *Server) concernedChannel(notice whatsapp.Notice, arrivedAt string) (name string, ours bool) {
	if notice.Number != "" || notice.Account == "" {
		return s.channelOf(notice.Number, arrivedAt)
	}
	if id := s.channels[arrivedAt].Identity.Account; id == "" || id == notice.Account {
		return arrivedAt, true
	}
	for _, name := range s.peers[arrivedAt] {
		if s.channels[name].Identity.Account == notice.Account {
			return name, true
		}
	}
	return "", false
}
