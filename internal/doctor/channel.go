package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"carillon/whatsapp"
)

// channel looks at one channel: at its provider, its templates and its webhook.
func (d *doctor) channel(ctx context.Context, name string) []whatsapp.Finding {
	channel := d.config.Channels[name]
	timeout := min(time.Duration(channel.Timeout), askWithin)
	provider, err := channel.Settings.Open(whatsapp.Opening{Timeout: timeout})
	if err != nil {
		var e whatsapp.Examination
		e.Fault("channel", err.Error(), "correct the channel in the configuration")
		return e.Findings
	}
	defer provider.Close()
	e := d.examine(ctx, provider)
	d.probe(ctx, &e, name, provider)
	return e.Findings
}

// examine asks the provider.
func (d *doctor) examine(ctx context.Context, provider whatsapp.Provider) (e whatsapp.Examination) {
	examiner, examines := provider.(whatsapp.Examiner)
	if !examines {
		e.Doubt("token", "this provider cannot be asked", "try the channel with carillon test")
		return e
	}
	e = examiner.Examine(ctx, d.config.HTTP.Webhooks())
	if e.Clock.Known {
		compareClock(&e, "the provider's", e.Clock.Ahead, true)
	}
	library, lists := provider.(whatsapp.Library)
	if !lists || slices.ContainsFunc(e.Findings, func(f whatsapp.Finding) bool { return f.About == "token" && f.State == whatsapp.Ill }) {
		return e
	}
	templates, err := library.Templates(ctx)
	var refusal *whatsapp.Error
	switch {
	case errors.As(err, &refusal) && refusal.Class == whatsapp.Pause:
		e.Refused("templates", refusal)
	case refusal != nil: // it stops no message
		e.Doubt("templates", "are not told: "+whatsapp.Excerpt(refusal.Message), "campaigns are not checked against them; compare the account's id with the provider's")
	case err != nil:
		e.Doubt("templates", "are not told: "+err.Error(), "try again")
	case len(templates) == 0:
		e.Doubt("templates", "the account has none, so nothing can be sent", "have some approved, or correct the account's id")
	default:
		e.Add("templates", fmt.Sprintf("the account has %d", len(templates)))
	}
	return e
}
