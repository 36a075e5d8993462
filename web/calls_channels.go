package web

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"carillon/api"
	"carillon/ledger"
)

// mostShown is how many notices are shown at once, mostLooked how many are looked
// through for those that concern a campaign.
const (
	mostShown  = 20
	mostLooked = 200
)

// listChannels shows every sending number.
func (s *Server) listChannels(w http.ResponseWriter, r *http.Request) error {
	seen, err := s.look(r.Context())
	if err != nil {
		return err
	}
	list := api.Channels{Items: []api.Channel{}}
	for _, name := range slices.Sorted(maps.Keys(s.channels)) {
		v, err := s.viewChannel(r.Context(), name, seen)
		if err != nil {
			return err
		}
		list.Items = append(list.Items, v)
	}
	return answer(w, http.StatusOK, list)
}

// showChannel shows one with its notices.
func (s *Server) showChannel(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if _, known := s.channels[name]; !known {
		return refuse(notFound, "look for it in the list of channels", "there is no channel %q", name)
	}
	seen, err := s.look(r.Context())
	if err != nil {
		return err
	}
	v, err := s.viewChannel(r.Context(), name, seen)
	if err != nil {
		return err
	}
	told, err := s.ledger.Notices(r.Context(), s.accountOf(name), mostLooked)
	if err != nil {
		return err
	}
	v.Notices = []api.Notice{}
	for _, n := range told {
		if n.About(name, s.accountOf(n.Channel)) && len(v.Notices) < mostShown {
			v.Notices = append(v.Notices, viewNotice(n))
		}
	}
	return answer(w, http.StatusOK, v)
}

// known is what the ledger says of all channels.
type known struct {
	facts    map[string]map[string]ledger.Fact
	receipts map[string]time.Time
	queue    map[string]string
}

func (s *Server) look(ctx context.Context) (known, error) {
	facts, err := s.ledger.Facts(ctx)
	if err != nil {
		return known{}, err
	}
	receipts, err := s.ledger.LastReceipts(ctx)
	return known{facts, receipts, s.queue()}, err
}

// accountOf are the channels of the account of a channel.
func (s *Server) accountOf(name string) []string {
	if account := s.channels[name].Account; len(account) > 0 {
		return account
	}
	return []string{name}
}

func (s *Server) viewChannel(ctx context.Context, name string, seen known) (api.Channel, error) {
	channel, limits, facts := s.channels[name], s.limits(name), seen.facts[name]
	state, asked := ledger.StateOf(facts), facts[ledger.FactAsked]
	v := api.Channel{
		Name: name, Provider: channel.Provider, Rate: limits.Rate, RateConfigured: channel.Limits.Rate, RateAuto: channel.RateAuto, DailyAuto: channel.DailyAuto,
		Quality: state.Quality, Tier: state.Tier, Throughput: state.Throughput, Status: state.Status, NameStatus: state.NameStatus, Health: state.Health,
		Account: facts[ledger.FactAccount].Value, AskedAt: moment(asked.At), AskError: asked.Value,
		LastReceiptAt: moment(seen.receipts[name]), QueueTrouble: seen.queue[name],
	}
	var told time.Time
	for fact, f := range facts {
		if fact != ledger.FactAsked && fact != ledger.FactNews && f.At.After(told) {
			told = f.At
		}
	}
	v.ToldAt = moment(told)
	if limits.DailyRecipients > 0 {
		reach, err := s.ledger.Reached(ctx, channel.Portfolio, s.now())
		if err != nil {
			return v, err
		}
		v.Daily = &api.ChannelDaily{Limit: limits.DailyRecipients, Used: reach.People}
	}
	return v, nil
}

func viewNotice(n ledger.HeardNotice) api.Notice {
	return api.Notice{
		Channel: n.Channel, Topic: n.Topic, Template: n.Template, Language: n.Language, Reason: n.Reason, Detail: n.Detail,
		At: moment(n.At), FirstTold: n.FirstHeard, LastTold: n.LastHeard, Times: n.Heard, Effect: n.Effect,
	}
}

// addNotices puts into a view what was told of what a campaign uses since it was
// made.
func (s *Server) addNotices(ctx context.Context, v *api.Campaign, c ledger.Campaign) error {
	var channels []string
	for _, name := range c.Definition.AllChannels() {
		channels = append(channels, s.accountOf(name)...)
	}
	told, err := s.ledger.Notices(ctx, channels, mostLooked)
	if err != nil {
		return err
	}
	v.Notices = []api.Notice{}
	for _, n := range told {
		if n.LastHeard.Before(c.Created) || !c.Finished.IsZero() && n.FirstHeard.After(c.Finished) {
			continue
		}
		if n.Concerns(c.Definition, s.accountOf(n.Channel)) && len(v.Notices) < mostShown {
			v.Notices = append(v.Notices, viewNotice(n))
		}
	}
	return nil
}
