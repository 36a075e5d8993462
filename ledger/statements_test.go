package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/postgrestest"
	"carillon/ledger/database"
)

// TestNoStatementReadsAWholeTable asks the databases how they run whatever is
// done for one message or one person: by keys and indexes, however much there is
// beside it.
func TestNoStatementReadsAWholeTable(t *testing.T) {
	for name, c := range map[string]struct {
		url     func(*testing.T) string
		explain string
		whole   func(plan []string) string
	}{
		"sqlite": {
			func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") },
			"EXPLAIN QUERY PLAN ", wholeSQLite,
		},
		"postgres": {
			func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) },
			"EXPLAIN ", wholePostgres,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Open(t.Context(), c.url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
			patient(t, l)
			id := patient(t, l)
			free := thankful(t, l)
			populate(t, l)
			heard := listen(l)
			told := overhear(l)
			liveThrough(t, l, id)
			writeFreely(t, l, free)
			asked := told.all()
			for _, q := range heard.heard {
				if len(q.args) > 0 { // else it is about all
					asked[q.text] = q.args
				}
			}
			for _, counted := range []bool{false, true} {
				if counted {
					execute(t, l, "ANALYZE")
				}
				for _, text := range slices.Sorted(maps.Keys(asked)) {
					plan := (query{text, asked[text]}).plan(t, l, c.explain)
					if table := c.whole(strings.Split(plan, "\n")); table != "" {
						t.Errorf("counted %t: all of %s is read by %s\n%s", counted, table, text, plan)
					}
				}
			}
		})
	}
}

// populate fills the tables that one person's rows are looked for in with those of
// others.
func populate(t *testing.T, l *Ledger) {
	t.Helper()
	const others = 20_000
	execute(t, l, `UPDATE messages SET due = NULL WHERE status = 1`)
	keys := make([]string, others)
	for i := range keys {
		keys[i] = fmt.Sprintf("+4478%08d", i)
	}
	err := l.do(t.Context(), urgent, func(ctx context.Context, t *tx) error {
		for _, into := range []string{
			`suppressions (person, scope, created_at) SELECT value ->> 0, 'all', 0`,
			`aliases (alias, person) SELECT value ->> 0, 'x' || (value ->> 0)`,
			`silences (person, n, message, since) SELECT value ->> 0, 1, 0, 0`,
			`starts (person, scope, source, at) SELECT value ->> 0, '', 1, 0`,
			`windows (person, channel, at) SELECT value ->> 0, 'main', 0`,
			`reached (portfolio, person, at) SELECT 'p', value ->> 0, 0`,
			`forgotten (hash, at) SELECT value ->> 0, 0`,
			`replies (id, message_id, at, payload, text, pressed) SELECT value ->> 0, CAST(SUBSTR(value ->> 0, 2) AS BIGINT), 0, '', '', 0`,
			`attempts (message_id, n, provider_id, token, claimed_at) SELECT CAST(SUBSTR(value ->> 0, 2) AS BIGINT), 1, value ->> 0, 0, 0`,
			`failures (campaign_id, reason, code, shard, n) SELECT CAST(SUBSTR(value ->> 0, 2) AS BIGINT), 'x', 0, 0, 1`,
			`refusals (campaign_id, reason, code, said, hint, message_id, at) SELECT CAST(SUBSTR(value ->> 0, 2) AS BIGINT), 'x', 0, '', '', 0, 0`,
			`slowed_templates (channel, template, language, until, allowed, reason, code) SELECT value ->> 0, 'x', 'en', 0, 1, '', 0`,
			`early_receipts (provider_id, receipt, received_at, person) SELECT 'x' || (value ->> 0), '{}', 0, value ->> 0`,
			`polls (message_id, attempt, channel, due, until) SELECT CAST(SUBSTR(value ->> 0, 2) AS BIGINT), 1, 'main', 0, 0`,
			`ended_sessions (hash, ends) SELECT value ->> 0, 0`,
			`erasures (person, kin, at) SELECT value ->> 0, value ->> 0, 0`,
		} {
			if _, err := t.ExecContext(ctx, t.l.sql("INSERT INTO "+into+" FROM EACH($1)"), asJSON(nested(keys))); err != nil {
				return fmt.Errorf("%s: %w", into, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// liveThrough does to some messages of a campaign what may be done to one.
func liveThrough(t *testing.T, l *Ledger, id campaign.ID) {
	t.Helper()
	ctx, now := t.Context(), noon
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	execute(t, l, fmt.Sprintf(`UPDATE messages SET status = 2, due = 0 WHERE campaign_id = %d AND (id & 15) = 0 AND (id >> 4) & 16777215 < 10`, id))
	message := func(row int) campaign.MessageID { return id.Recipient(row).Message(0) }
	phone := func(row int) string { return fmt.Sprintf("+4477%08d", row-1) }
	for row := 1; row <= 5; row++ {
		_, err := l.Claim(ctx, campaign.Task{Message: message(row), Attempt: 1}, Sender{Portfolio: "p"}, now, now.Add(time.Minute))
		check(err)
		_, err = l.Wanted(ctx, message(row))
		check(err)
		check(l.Settle(ctx, Settlement{Message: message(row), Attempt: 1, Outcome: OutcomeAccepted, At: now, ProviderID: fmt.Sprint("id", row), Keys: []string{fmt.Sprint("alias", row)}}))
	}
	_, err := l.Claim(ctx, campaign.Task{Message: message(6), Attempt: 1}, Sender{}, now, now.Add(time.Minute))
	check(err)
	check(l.Settle(ctx, Settlement{Message: message(6), Attempt: 1, Outcome: OutcomeUnknown, At: now, UnknownAfter: time.Hour}))
	_, err = l.Claim(ctx, campaign.Task{Message: message(1), Attempt: 2}, Sender{}, now, now.Add(time.Minute))
	if err == nil {
		t.Fatal("a message that was accepted was claimed")
	}
	refused := campaign.Failure{Code: 131000, Reason: "busy", Said: "busy", Retry: true, Tries: 3, Slows: true, Wait: time.Second}
	for n, s := range []Settlement{
		{Outcome: OutcomeRefused, Failure: refused},
		{Outcome: OutcomeAccepted, Probe: Probe{Template: campaign.TemplateName{Name: "x", Language: "en"}, Channels: []string{"main"}, Left: now.Add(time.Minute)}},
	} {
		_, err := l.Claim(ctx, campaign.Task{Message: message(7), Attempt: n + 1}, Sender{}, now.Add(time.Duration(n)*time.Minute), now.Add(time.Hour))
		check(err)
		s.Message, s.Attempt, s.At = message(7), n+1, now
		check(l.Settle(ctx, s))
	}
	_, err = l.Failures(ctx, id)
	check(err)
	_, err = l.Cells(ctx, []campaign.MessageID{message(7)})
	check(err)
	receive := func(list ...Receipt) {
		t.Helper()
		for i := range list {
			list[i].Channel, list[i].Peers = "main", []string{"main"}
		}
		_, err := l.Receive(ctx, list, now)
		check(err)
	}
	receive([]Receipt{
		{Message: message(1), Attempt: 1, ProviderID: "id1", Status: campaign.Delivered, At: now, Keys: []string{phone(1), "GB.1"}},
		{ProviderID: "id2", Status: campaign.Sent, At: now},
		{ProviderID: "id3", Status: campaign.Failed, At: now, Failure: campaign.Failure{Code: 131026, Reason: "x", Unreachable: true}},
		{ProviderID: "id4", Status: campaign.Failed, At: now, Failure: campaign.Failure{Code: 131050, Reason: "x", Suppress: campaign.ScopeMarketing}},
		{ProviderID: "nobody's", Status: campaign.Sent, At: now},
		{ProviderID: "unknown's", Status: campaign.Sent, At: now, Keys: []string{phone(6)}},
	}...)
	for range SilencesBelieved { // each a message of its own
		execute(t, l, `UPDATE silences SET message = 0, n = 2`)
		execute(t, l, fmt.Sprintf(`UPDATE messages SET status = 5 WHERE id = %d`, message(3)))
		execute(t, l, `UPDATE attempts SET outcome = 'accepted' WHERE provider_id = 'id3'`)
		receive(Receipt{ProviderID: "id3", Status: campaign.Failed, At: now, Failure: campaign.Failure{Code: 131026, Reason: "x", Unreachable: true}})
	}
	_, err = l.MatchEarly(ctx, now)
	check(err)
	poll(t, l, message(8))
	for n, h := range []InboundEvent{
		{Person: phone(1), ReplyTo: "id1", Answers: true, Reply: campaign.Reply{Text: "yes"}},
		{Person: phone(1), Answers: true},
		{Person: phone(1), OptOut: campaign.ScopeCampaign, Answers: true},
		{Person: phone(1), OptIn: true},
		{Person: "+4479000", Also: []string{phone(2), "GB.2"}, OptOut: campaign.ScopeAll},
	} {
		h.ID, h.Channel, h.At, h.Message, h.Source = fmt.Sprint("in", n), "main", now, true, SourcePerson
		h.Peers = []string{"main"}
		_, err := l.Hear(ctx, []InboundEvent{h}, now)
		check(err)
	}
	check(l.Suppress(ctx, []Suppression{{Person: phone(7), Scope: campaign.ScopeAll}, {Person: phone(8), Scope: campaign.ScopeAll}}, Actor{Name: "tester"}, now))
	_, err = l.Unsuppress(ctx, phone(7), campaign.ScopeAll, Actor{Name: "tester"}, now)
	check(err)
	_, err = l.Sweep(ctx, now.Add(48*time.Hour), func(string) UnknownPolicy { return UnknownPolicy{Resend: true} })
	check(err)
	_, err = l.ReachedAmong(ctx, "p", []string{phone(1)}, now)
	check(err)
	_, err = l.Attempted(ctx, map[campaign.ID]int{id: 0}, []string{phone(1)}, now)
	check(err)
	_, err = l.Forget(ctx, phone(9), Actor{Name: "tester"}, now)
	check(err)
	_, err = l.Forget(ctx, "GB.9", Actor{Name: "tester"}, now)
	check(err)
	_, err = l.Hear(ctx, []InboundEvent{{Person: "GB.9", Also: []string{"+4479009"}, At: now, Source: SourcePerson}}, now)
	check(err)
	_, err = l.ForgetLearnt(ctx, now)
	check(err)
	_, err = l.Unsuppress(ctx, phone(9), campaign.ScopeAll, Actor{Name: "tester"}, now)
	check(err)
	_, err = l.History(ctx, id.Recipient(1))
	check(err)
	for _, about := range []campaign.ID{0, id} {
		_, err = l.Audit(ctx, AuditQuery{Campaign: about, Limit: 10})
		check(err)
	}
	_, err = l.SessionEnded(ctx, "some")
	check(err)
	_, err = l.Rates(ctx, id)
	check(err)
	check(l.tidyRates(ctx, now))
}

// thankful is a running campaign that thanks one person for their answer.
func thankful(t *testing.T, l *Ledger) campaign.ID {
	t.Helper()
	ctx, now := t.Context(), noon
	in, err := l.BeginIntake(ctx, NewCampaign{Definition: &campaign.Definition{Name: "free", Channel: "main", Steps: []campaign.Step{
		{Template: "x", Language: "en"},
		{Text: &campaign.Text{Body: "thanks"}, After: campaign.AfterReply, Reply: true},
	}}}, now)
	if err == nil {
		err = in.Add(ctx, []campaign.Row{{Number: 1, Phone: "+4479100", Person: "+4479100", Verdict: campaign.OK, Values: []string{}}}, now)
	}
	if err == nil {
		err = in.Reveal(ctx)
	}
	if err == nil {
		_, err = l.Act(ctx, in.ID(), campaign.Start, Actor{Name: "tester", Way: WayAPI}, now)
	}
	if err != nil {
		t.Fatal(err)
	}
	return in.ID()
}

// writeFreely has that person answer, sends them what is no template, and has the
// provider say that their window is shut.
func writeFreely(t *testing.T, l *Ledger, id campaign.ID) {
	t.Helper()
	ctx, now := t.Context(), noon
	first := id.Recipient(1).Message(0)
	for _, id := range []campaign.MessageID{first, first + 1} {
		claimed, err := l.Claim(ctx, campaign.Task{Message: id, Attempt: 1}, Sender{}, now, now.Add(time.Minute))
		if err != nil || claimed.FreeForm != (id != first) {
			t.Fatalf("claimed %+v, %v", claimed, err)
		}
		s := Settlement{Message: id, Attempt: 1, Outcome: OutcomeAccepted, At: now, ProviderID: fmt.Sprint("free", id)}
		if claimed.FreeForm {
			s.Outcome, s.Failure = OutcomeRefused, campaign.Failure{Code: 131047, Reason: "outside_window", WindowShut: true}
		}
		if err := l.Settle(ctx, s); err != nil {
			t.Fatal(err)
		}
		h := InboundEvent{
			ID: "answer", Person: "+4479100", Channel: "main", Peers: []string{"main"}, At: now, Message: true, Opens: true, Answers: true,
			ReplyTo: fmt.Sprint("free", id), Source: SourcePerson,
		}
		if _, err := l.Hear(ctx, []InboundEvent{h}, now); err != nil {
			t.Fatal(err)
		}
	}
}

// poll has a message accepted that has to be asked about, and asks: in vain, with
// an answer, and with the last that there is.
func poll(t *testing.T, l *Ledger, id campaign.MessageID) {
	t.Helper()
	ctx, now := t.Context(), noon
	_, err := l.Claim(ctx, campaign.Task{Message: id, Attempt: 1}, Sender{}, now, now.Add(time.Hour))
	if err == nil {
		err = l.Settle(ctx, Settlement{Message: id, Attempt: 1, Outcome: OutcomeAccepted, At: now, ProviderID: "polled", Poll: "main"})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []*Receipt{nil, {Status: campaign.Delivered, At: now}, {Status: campaign.Read, At: now}} {
		row, err := l.Poll(ctx, id, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Polled(ctx, Polled{PollRow: row, At: now, Receipt: told}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.DuePolls(ctx, "main", 10, now); err != nil {
		t.Fatal(err)
	}
}

// campaigns is what the table of campaigns is called where all of it may be read:
// there are few.
const campaigns = "c"

// wholeSQLite is the first table of a plan that is read from end to end.
func wholeSQLite(plan []string) string {
	for _, line := range plan {
		table, found := strings.CutPrefix(line, "SCAN ")
		table, _, _ = strings.Cut(table, " ")
		made := slices.Contains(plan, "CO-ROUTINE "+table) || slices.Contains(plan, "MATERIALIZE "+table) || strings.Contains(line, "VIRTUAL TABLE") || strings.Contains(line, "VALUES CLAUSE") || table == "CONSTANT"
		if found && !made && table != campaigns {
			return table
		}
	}
	return ""
}

// wholePostgres is the same. An index without a condition is read whole, too.
func wholePostgres(plan []string) string {
	for n, line := range plan {
		_, table, found := strings.Cut(line, "Seq Scan on ")
		if !found {
			_, table, found = strings.Cut(line, "Index Scan using ")
		}
		if !found {
			_, table, found = strings.Cut(line, "Index Only Scan using ")
		}
		name, _, _ := strings.Cut(table, "  (")
		keyed := n+1 < len(plan) && strings.Contains(plan[n+1], "Index Cond")
		if found && !keyed && !strings.HasSuffix(name, " "+campaigns) {
			return name
		}
	}
	return ""
}

// overheard are the statements of a ledger's transactions, with the arguments
// that each had last.
type overheard struct {
	mu    sync.Mutex
	said  map[string][]any
	calls int
}

func overhear(l *Ledger) *overheard {
	o, begin := &overheard{said: map[string][]any{}}, l.db.Begin
	l.db.Begin = func(ctx context.Context) (database.Session, error) {
		s, err := begin(ctx)
		return overhearing{s, o}, err
	}
	return o
}

func (o *overheard) note(text string, args []any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said[text] = args
	o.calls++
}

// during is how many statements are made while do runs.
func (o *overheard) during(do func()) int {
	count := func() int {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.calls
	}
	before := count()
	do()
	return count() - before
}

// all are those that look for something.
func (o *overheard) all() map[string][]any {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := maps.Clone(o.said)
	maps.DeleteFunc(all, func(text string, args []any) bool {
		return len(args) == 0 || strings.Contains(text, "VALUES ($") || strings.Contains(text, "DELETE FROM reached") // it holds a day
	})
	return all
}

// overhearing is a transaction that is listened to.
type overhearing struct {
	database.Session
	*overheard
}

func (s overhearing) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s.note(text, args)
	return s.Session.ExecContext(ctx, text, args...)
}

func (s overhearing) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s.note(text, args)
	return s.Session.QueryContext(ctx, text, args...)
}

func (s overhearing) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	s.note(text, args)
	return s.Session.QueryRowContext(ctx, text, args...)
}
