package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"carillon/campaign"
)

// Way is how somebody asked for what was done.
type Way string

const (
	// WayPage: on a page of the program.
	WayPage Way = "page"
	// WayCLI: by a command that asks the HTTP API. It is the command's own word.
	WayCLI Way = "cli"
	// WayAPI: by the HTTP API, from anything else.
	WayAPI Way = "api"
	// WayOwn: nobody asked; Carillon did it by itself.
	WayOwn Way = "own"
)

// Ways are all of them.
func Ways() []Way { return []Way{WayPage, WayCLI, WayAPI, WayOwn} }

// Actor is who does something.
type Actor struct {
	// Name is that of the token, or what Carillon did by itself goes by.
	Name string
	// Way is how they asked. If empty, WayOwn.
	Way Way
}

// own is the actor of what Carillon does by itself.
func own(name string) Actor { return Actor{Name: name, Way: WayOwn} }

// ActorOf is who starts the campaign of a slot.
func ActorOf(slot campaign.Slot) Actor {
	name := "the schedule " + slot.Schedule
	if slot.By != "" {
		name += " for " + slot.By
	}
	return own(name)
}

// Action is what was done.
type Action string

// What is done to campaigns.
const (
	ActCreate  Action = "create"
	ActPlan    Action = "plan" // to start it at a time
	ActStart   Action = "start"
	ActPause   Action = "pause"
	ActResume  Action = "resume"
	ActCancel  Action = "cancel"
	ActRetry   Action = "retry"
	ActResolve Action = "resolve"
)

// What is done to people.
const (
	ActSuppress   Action = "suppress"
	ActImport     Action = "import" // of a list of opt-outs
	ActUnsuppress Action = "unsuppress"
	ActForget     Action = "forget"
)

// What is done to schedules, beside ActPause and ActResume.
const (
	ActAdd    Action = "add"
	ActRun    Action = "run"
	ActRemove Action = "remove"
)

// Actions are all of them.
func Actions() []Action {
	return []Action{
		ActCreate, ActPlan, ActStart, ActPause, ActResume, ActCancel, ActRetry, ActResolve,
		ActSuppress, ActImport, ActUnsuppress, ActForget, ActAdd, ActRun, ActRemove,
	}
}

// Deed is an entry of the audit log: something that was done, by whom.
type Deed struct {
	// ID orders the deeds.
	ID int64
	At time.Time
	By Actor
	// Action and what it was about: at most one of the three.
	Action   Action
	Campaign campaign.ID // 0 for none
	Schedule string
	// Person is a person's key, masked, or "forgotten" where they were erased.
	Person string
	// Count is how many people it was about, where it is not about one.
	Count int64
	// Detail has no word of a person's or a provider's.
	Detail string
}

// about fills in whom a deed is about, in a form that tells nobody who it is.
func (d Deed) about(secret []byte, person string) (Deed, string) {
	d.Person = campaign.MaskPhone(person)
	return d, erasedKey(secret, person)
}

// record writes a deed down, with the hash of whom it is about, empty for nobody.
// It shares the transaction of what was done, so that a crash leaves both or
// neither.
func (t *tx) record(ctx context.Context, d Deed, person string) (id int64, err error) {
	var about any
	if d.Campaign != 0 {
		about = int64(d.Campaign)
	}
	err = t.QueryRowContext(ctx, `
		INSERT INTO audit (at, who, way, action, campaign_id, schedule, about, person, n, detail)
		VALUES ($1, $2, $3, $4, $5, NULLIF($6, ''), $7, NULLIF($8, ''), $9, $10) RETURNING id`,
		d.At.UnixMilli(), d.By.Name, string(cmp.Or(d.By.Way, WayOwn)), string(d.Action), about, d.Schedule, d.Person, person, d.Count, d.Detail).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("ledger: write the audit log: %w", err)
	}
	return id, nil
}

// did records what was done to a campaign.
func (t *tx) did(ctx context.Context, action Action, id campaign.ID, by Actor, detail string, now time.Time) error {
	_, err := t.record(ctx, Deed{At: now, By: by, Action: action, Campaign: id, Detail: detail}, "")
	return err
}

// AuditQuery says which deeds are wanted, the newest first.
type AuditQuery struct {
	// Before is the deed behind which the page starts, 0 for the newest.
	Before int64
	// Campaign keeps only deeds about one; 0 keeps all.
	Campaign campaign.ID
	// Limit bounds the page.
	Limit int
}

// Audit returns a page of the audit log.
func (l *Ledger) Audit(ctx context.Context, q AuditQuery) ([]Deed, error) {
	const columns = `SELECT id, at, who, way, action, campaign_id, schedule, about, n, detail FROM audit `
	before := q.Before
	if before == 0 {
		before = 1<<63 - 1
	}
	query, args := columns+`WHERE id < $1 ORDER BY id DESC LIMIT $2`, []any{before, q.Limit}
	if q.Campaign != 0 {
		query, args = columns+`WHERE campaign_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2`, append(args, int64(q.Campaign))
	}
	return readDeeds(ctx, l.read, query, args...)
}

func readDeeds(ctx context.Context, from querier, query string, args ...any) ([]Deed, error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: audit log: %w", err)
	}
	defer rows.Close()
	var list []Deed
	for rows.Next() {
		var d Deed
		var at int64
		var about sql.NullInt64
		var schedule sql.NullString
		if err := rows.Scan(&d.ID, &at, &d.By.Name, &d.By.Way, &d.Action, &about, &schedule, &d.Person, &d.Count, &d.Detail); err != nil {
			return nil, fmt.Errorf("ledger: audit log: %w", err)
		}
		d.At, d.Campaign, d.Schedule = time.UnixMilli(at).UTC(), campaign.ID(about.Int64), schedule.String
		list = append(list, d)
	}
	return list, rows.Err()
}
