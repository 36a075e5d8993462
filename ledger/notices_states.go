package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
)

// What is known of channels.
const (
	// FactQuality is a number's quality in the provider's word.
	FactQuality = "quality"
	// FactTier is the messaging limit in the provider's word, FactDaily the same as
	// a number of recipients a day, 0 for no limit.
	FactTier  = "tier"
	FactDaily = "daily_recipients"
	// FactThroughput is the throughput in the provider's word, FactRate the same as
	// messages a second.
	FactThroughput = "throughput"
	FactRate       = "rate"
	// FactStatus is the number's, FactName that of its display name, FactAccount the
	// reason of the last notice about the account.
	FactStatus  = "status"
	FactName    = "name_status"
	FactAccount = "account"
	// FactHealth is whether the number can send: campaign.HealthAvailable, or another word.
	FactHealth = "health"
	// FactAsked is when the provider was last asked; its value is the error, empty
	// where it answered. FactNews is when something was heard because of which it
	// has to be asked again.
	FactAsked = "asked"
	FactNews  = "news"
)

// How a fact came to be known.
const (
	SourceNotice = "notice"
	SourceAsked  = "asked"
)

// Fact is one thing that is known of a channel.
type Fact struct {
	Channel string
	// Name is one of the constants above.
	Name, Value string
	// At is when it was told: by the provider's clock where it tells a time.
	At time.Time
	// Source is SourceNotice or SourceAsked.
	Source string
}

// FactsOf are the facts that a state tells of a channel.
func FactsOf(channel string, state campaign.NumberState, at time.Time, source string) []Fact {
	told := map[string]string{
		FactQuality: state.Quality, FactTier: state.Tier, FactThroughput: state.Throughput,
		FactStatus: state.Status, FactName: state.NameStatus, FactHealth: state.Health,
	}
	if state.DailyRecipients != 0 {
		told[FactDaily] = strconv.Itoa(max(0, state.DailyRecipients))
	}
	if state.Rate > 0 {
		told[FactRate] = strconv.FormatFloat(state.Rate, 'g', -1, 64)
	}
	var facts []Fact
	for name, value := range told {
		if value != "" {
			facts = append(facts, Fact{Channel: channel, Name: name, Value: value, At: at, Source: source})
		}
	}
	return facts
}

// StateOf is the state that the facts of a channel tell.
func StateOf(facts map[string]Fact) campaign.NumberState {
	state := campaign.NumberState{
		Quality: facts[FactQuality].Value, Tier: facts[FactTier].Value, Throughput: facts[FactThroughput].Value,
		Status: facts[FactStatus].Value, NameStatus: facts[FactName].Value, Health: facts[FactHealth].Value,
	}
	if daily, err := strconv.Atoi(facts[FactDaily].Value); err == nil {
		state.DailyRecipients = daily
		if daily == 0 {
			state.DailyRecipients = campaign.NoLimit
		}
	}
	if rate, err := strconv.ParseFloat(facts[FactRate].Value, 64); err == nil {
		state.Rate = rate
	}
	return state
}

// Learn puts facts on record. Of two about the same the later one stays.
func (l *Ledger) Learn(ctx context.Context, facts []Fact) error {
	return l.do(ctx, urgent, func(ctx context.Context, t *tx) error { return t.keepFacts(ctx, facts) })
}

func (t *tx) keepFacts(ctx context.Context, facts []Fact) error {
	if len(facts) == 0 {
		return nil
	}
	newest := map[[2]string]Fact{} // a statement may touch each row once
	for _, f := range facts {
		key := [2]string{f.Channel, f.Name}
		if known, found := newest[key]; !found || !f.At.Before(known.At) {
			newest[key] = f
		}
	}
	var batch [][]any
	for _, f := range newest {
		batch = append(batch, []any{f.Channel, f.Name, f.Value, f.At.UnixMilli(), f.Source})
	}
	slices.SortFunc(batch, func(a, b []any) int { // one order for all
		return cmp.Or(strings.Compare(a[0].(string), b[0].(string)), strings.Compare(a[1].(string), b[1].(string)))
	})
	_, err := t.ExecContext(ctx, t.l.sql(`
		INSERT INTO channel_states (channel, fact, value, told_at, source)
		SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT), value ->> 4 FROM EACH($1) WHERE true
		ON CONFLICT (channel, fact) DO UPDATE
		SET value = excluded.value, told_at = excluded.told_at, source = excluded.source
		WHERE channel_states.told_at <= excluded.told_at`), asJSON(batch))
	if err != nil {
		return fmt.Errorf("ledger: what is known of channels: %w", err)
	}
	return nil
}

// Facts returns all that is known of channels, by channel and name.
func (l *Ledger) Facts(ctx context.Context) (map[string]map[string]Fact, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT channel, fact, value, told_at, source FROM channel_states`)
	if err != nil {
		return nil, fmt.Errorf("ledger: what is known of channels: %w", err)
	}
	defer rows.Close()
	found := map[string]map[string]Fact{}
	for rows.Next() {
		var f Fact
		var at int64
		if err := rows.Scan(&f.Channel, &f.Name, &f.Value, &at, &f.Source); err != nil {
			return nil, fmt.Errorf("ledger: what is known of channels: %w", err)
		}
		f.At = time.UnixMilli(at).UTC()
		if found[f.Channel] == nil {
			found[f.Channel] = map[string]Fact{}
		}
		found[f.Channel][f.Name] = f
	}
	return found, rows.Err()
}
