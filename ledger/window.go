package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// windowKey is a person's window on a channel, under one of their keys.
type windowKey struct{ person, channel string }

func (k windowKey) compare(other windowKey) int {
	return cmp.Or(strings.Compare(k.person, other.person), strings.Compare(k.channel, other.channel))
}

// wrote is what a person's message does to a window.
type wrote struct {
	at      int64
	message string // the provider's identifier of one that can be answered; empty for none
}

// windowChanges are those that a transaction has gathered: who wrote, and whose
// window the provider said to be shut, and when.
type windowChanges struct {
	wrote map[windowKey]wrote
	shut  map[windowKey]int64
}

// openWindow notes that a person has written. No clock of a provider is believed
// to be ahead of ours, and what is a day old opens nothing.
func (t *tx) openWindow(h InboundEvent, now time.Time) {
	at := min(h.At.UnixMilli(), now.UnixMilli())
	if now.Sub(time.UnixMilli(at)) >= campaign.WindowFor {
		return
	}
	message := ""
	if h.Answers && !h.Edit {
		message = h.ID
	}
	key := windowKey{h.Person, h.Channel}
	known, found := t.windows.wrote[key]
	switch {
	case !found:
		known = wrote{at, message}
	case message != "" && (known.message == "" || at > known.at):
		known = wrote{max(at, known.at), message}
	default:
		known.at = max(at, known.at)
	}
	if t.windows.wrote == nil {
		t.windows.wrote = map[windowKey]wrote{}
	}
	t.windows.wrote[key] = known
}

// ofAttempt is what a failure of an attempt, told at a time, means where it says
// that a window is shut: nothing of the kind if a template was sent, else the
// window is shut from then on. At the time of the claim it was shut, too, whatever
// clock the provider goes by.
func (t *tx) ofAttempt(ctx context.Context, id campaign.MessageID, n, position int, f campaign.Failure, told, now time.Time) (campaign.Failure, error) {
	if !f.WindowShut {
		return f, nil
	}
	var free bool
	var claimed int64
	var person string
	err := t.QueryRowContext(ctx, `
		SELECT COALESCE(a.free_form, 0) = 1, a.claimed_at, COALESCE(r.person, '')
		FROM attempts a JOIN recipients r ON r.id = (a.message_id >> 4)
		WHERE a.message_id = $1 AND a.n = $2`, int64(id), n).Scan(&free, &claimed, &person)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("ledger: content of attempt %d of message %d: %w", n, id, err)
	}
	if !free {
		f.WindowShut = false
		return f, nil
	}
	definition, err := t.definition(ctx, id.Campaign())
	if err != nil {
		return f, err
	}
	keys, err := t.keysOf(ctx, person)
	if err != nil {
		return f, err
	}
	if t.windows.shut == nil {
		t.windows.shut = map[windowKey]int64{}
	}
	for _, key := range keys {
		k := windowKey{key, definition.AllChannels()[position]}
		t.windows.shut[k] = max(t.windows.shut[k], min(told.UnixMilli(), now.UnixMilli()), claimed)
	}
	return f.OfFreeForm(), nil
}

const openWindowsSQL = `
	INSERT INTO windows (person, channel, at, message)
	SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3 FROM EACH($1) WHERE true
	ON CONFLICT (person, channel) DO UPDATE
	SET at = CASE WHEN excluded.at > windows.at THEN excluded.at ELSE windows.at END,
	    message = CASE WHEN excluded.message <> '' AND (windows.message = '' OR excluded.at > windows.at)
	              THEN excluded.message ELSE windows.message END
	WHERE excluded.at > windows.at OR windows.message = '' AND excluded.message <> ''`

// shutWindowsSQL makes no rows: where nobody wrote there is nothing to shut.
const shutWindowsSQL = `
	UPDATE windows SET shut = CAST(v.value ->> 2 AS BIGINT)
	FROM EACH($1) AS v
	WHERE windows.person = v.value ->> 0 AND windows.channel = v.value ->> 1 AND windows.shut < CAST(v.value ->> 2 AS BIGINT)`

// flushWindows writes what was gathered about windows. Neither moves a time back.
func (t *tx) flushWindows(ctx context.Context) error {
	opened, shut := t.windows.wrote, t.windows.shut
	t.windows = windowChanges{}
	if len(opened) > 0 {
		var batch [][]any
		for _, key := range slices.SortedFunc(maps.Keys(opened), windowKey.compare) { // one order for all
			w := opened[key]
			batch = append(batch, []any{key.person, key.channel, w.at, w.message})
		}
		if _, err := t.ExecContext(ctx, t.l.sql(openWindowsSQL), asJSON(batch)); err != nil {
			return fmt.Errorf("ledger: note who wrote: %w", err)
		}
	}
	if len(shut) > 0 {
		var batch [][]any
		for _, key := range slices.SortedFunc(maps.Keys(shut), windowKey.compare) {
			batch = append(batch, []any{key.person, key.channel, shut[key]})
		}
		if _, err := t.ExecContext(ctx, t.l.sql(shutWindowsSQL), asJSON(batch)); err != nil {
			return fmt.Errorf("ledger: note whose window is shut: %w", err)
		}
	}
	return nil
}
