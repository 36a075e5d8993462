// Package doctor looks at all that a Carillon needs before it sends: the ledger,
// Redis, the clocks, and each channel with its webhook. It says of each thing how it
// is and what to do.
//
// It changes nothing and sends nothing. What it asks for is asked for as a server
// would, within a minute, the channels in parallel. A server may run meanwhile. It
// can tell only what is asked for: that a message would arrive, no request shows.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"carillon/configs"
	"carillon/whatsapp"
)

// Finding says how one thing is, and of which channel if it is one's own.
type Finding struct {
	About   string          `json:"about"`
	Channel string          `json:"channel"`
	State   whatsapp.Health `json:"state"`
	Found   string          `json:"found"`
	Todo    string          `json:"todo"`
}

const (
	// within bounds all of it, and askWithin one request.
	within    = time.Minute
	askWithin = 10 * time.Second
)

// doctor looks at what a configuration names.
type doctor struct {
	config *configs.Config
	http   *http.Client
	log    *slog.Logger
	// free is how much of a folder's disk is free, in bytes.
	free func(folder string) (uint64, error)
}

// Look looks at everything that a configuration names. What is not about a channel
// comes first.
func Look(ctx context.Context, config *configs.Config) []Finding {
	d := &doctor{config: config, log: slog.New(slog.DiscardHandler), free: freeSpace, http: &http.Client{
		Timeout:       askWithin,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: askWithin / 2}).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // as providers do
	}}
	defer d.http.CloseIdleConnections()
	return d.look(ctx)
}

func (d *doctor) look(ctx context.Context) []Finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	names := slices.Sorted(maps.Keys(d.config.Channels))
	looks := []func(context.Context) []whatsapp.Finding{d.configuration, d.ledger, d.redis, d.zones, d.address}
	about := make([]string, len(looks), len(looks)+len(names)) // no channel
	for _, name := range names {
		about = append(about, name)
		looks = append(looks, func(ctx context.Context) []whatsapp.Finding { return d.channel(ctx, name) })
	}
	found := make([][]whatsapp.Finding, len(looks))
	var group sync.WaitGroup
	for i, look := range looks {
		group.Go(func() { found[i] = look(ctx) })
	}
	group.Wait()
	all := []Finding{}
	for i, findings := range found {
		for _, f := range findings {
			all = append(all, Finding{About: f.About, Channel: about[i], State: f.State, Found: d.mask(about[i], f.Found), Todo: d.mask(about[i], f.Todo)})
		}
	}
	return all
}

// mask takes the secrets of a channel out of a text: a provider may quote a token
// that it refuses.
func (d *doctor) mask(channel, text string) string {
	text = whatsapp.Excerpt(text)
	for _, secret := range d.config.Channels[channel].Secrets() {
		text = strings.ReplaceAll(text, string(secret), "…")
	}
	return text
}

// configuration says what it names; that it can be read is known.
func (d *doctor) configuration(context.Context) []whatsapp.Finding {
	var e whatsapp.Examination
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.config.Channels)) {
		names = append(names, fmt.Sprintf("%s (%s)", name, d.config.Channels[name].Provider))
	}
	e.Add("configuration", "is valid; channels: "+strings.Join(names, ", "))
	if len(d.config.Exposed) > 0 {
		e.Doubt("configuration", "every user of this machine can read the secrets in it: "+strings.Join(d.config.Exposed, ", "), "chmod 600 it, or take them from variables")
	}
	return e.Findings
}

// zones tries the time zones of schedules, and some that are always needed.
func (d *doctor) zones(context.Context) []whatsapp.Finding {
	var e whatsapp.Examination
	wanted := map[string]bool{"Europe/Madrid": true, "America/Sao_Paulo": true, "Asia/Kolkata": true}
	for _, s := range d.config.Schedules {
		wanted[cmp.Or(s.Zone, "UTC")] = true
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if _, err := time.LoadLocation(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		e.Fault("time zones", "are not known: "+strings.Join(missing, ", "), "install the system's tzdata, or correct the zone")
		return e.Findings
	}
	e.Add("time zones", fmt.Sprintf("are known: %d of %d tried", len(wanted), len(wanted)))
	return e.Findings
}

// What clocks may differ: past apart somebody should look; past astray tokens and
// signed webhooks are refused (Vonage's are a minute after, whatsapp/vonage).
const (
	apart  = 10 * time.Second
	astray = time.Minute
)

// compareClock says how far another clock is ahead of ours. One that decides about
// tokens and webhooks is worse to differ from.
func compareClock(e *whatsapp.Examination, whose string, ahead time.Duration, decides bool) {
	off := ahead.Abs().Round(time.Second)
	found := fmt.Sprintf("this machine's is %s behind %s", off, whose)
	if ahead < 0 {
		found = fmt.Sprintf("this machine's is %s ahead of %s", off, whose)
	}
	const set = "set this machine's clock by NTP, or the other one's"
	switch {
	case ahead.Abs() >= astray && decides:
		e.Fault("clock", found+", so tokens and webhooks may be refused", set)
	case ahead.Abs() >= apart:
		e.Doubt("clock", found, set)
	default:
		e.Add("clock", "agrees with "+whose)
	}
}
