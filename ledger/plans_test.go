package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/internal/postgrestest"
)

// TestWhatIsDueIsFoundByThePartialIndexes asks the databases how they find what
// the sweep and the feed look for, before and after they have counted their
// rows. Ten million that wait must cost no more than those that are due.
func TestWhatIsDueIsFoundByThePartialIndexes(t *testing.T) {
	for name, c := range map[string]struct {
		url     func(*testing.T) string
		explain string
		bad     []string
	}{
		"sqlite": {
			func(t *testing.T) string { t.Helper(); return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db") },
			"EXPLAIN QUERY PLAN ", []string{"SCAN", "TEMP B-TREE"},
		},
		"postgres": {
			func(t *testing.T) string { t.Helper(); return postgrestest.Start(t).Database(t) },
			"EXPLAIN ", []string{"Seq Scan", "Sort", "Filter"},
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
			id := patient(t, l)
			heard := listen(l)
			for _, counted := range []bool{false, true} {
				if counted {
					execute(t, l, "ANALYZE")
				}
				sweeps := heard.during(func() { _, err = l.Sweep(t.Context(), noon, nil) })
				if err != nil {
					t.Fatal(err)
				}
				feeds := heard.during(func() { _, err = l.Feedable(t.Context(), id, 0, 500, noon) })
				feeds = append(feeds, heard.during(func() { _, err = l.OldestFeedable(t.Context(), id, 0, noon) })...)
				if err != nil || len(sweeps) == 0 || len(feeds) == 0 {
					t.Fatalf("heard %d and %d queries, %v", len(sweeps), len(feeds), err)
				}
				for index, queries := range map[string][]query{"messages_to_sweep": sweeps, "messages_to_feed": feeds} {
					for _, q := range queries {
						if plan := q.plan(t, l, c.explain); !strings.Contains(plan, index) || hasAny(plan, c.bad) {
							t.Errorf("counted %t: %s\n%s", counted, q.text, plan)
						}
					}
				}
			}
		})
	}
}

// noon is the time of these tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// patient is a running campaign of two steps: one message may go out, every other
// one waits, and has a clock.
func patient(t *testing.T, l *Ledger) campaign.ID {
	t.Helper()
	step := campaign.Step{Template: "x", Language: "en"}
	in, err := l.BeginIntake(t.Context(), NewCampaign{Definition: &campaign.Definition{Channel: "main", Steps: []campaign.Step{step, step}}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]campaign.Row, IntakeBatch)
	for i := range rows {
		phone := fmt.Sprintf("+4477%08d", i)
		rows[i] = campaign.Row{Number: i + 1, Phone: phone, Person: phone, Verdict: campaign.OK, Values: []string{phone}}
	}
	if err := in.Add(t.Context(), rows, noon); err != nil {
		t.Fatal(err)
	}
	if err := in.Reveal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Act(t.Context(), in.ID(), campaign.Start, Actor{Name: "test"}, noon); err != nil {
		t.Fatal(err)
	}
	soon, first := noon.Add(time.Hour).UnixMilli(), int64(in.ID().Recipient(1).Message(0))
	execute(t, l, fmt.Sprintf(`UPDATE messages SET status = 1, due = %d + (id & 65535) WHERE id <> %d`, soon, first))
	return in.ID()
}

func execute(t *testing.T, l *Ledger, query string) {
	t.Helper()
	err := l.do(t.Context(), urgent, func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// query is one that was heard.
type query struct {
	text string
	args []any
}

// plan is how the database would find the answer, a line for each part of it.
func (q query) plan(t *testing.T, l *Ledger, explain string) string {
	t.Helper()
	rows, err := l.read.QueryContext(t.Context(), explain+q.text, q.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, cells[len(cells)-1].(*sql.NullString).String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

func hasAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// ear notes the queries of a ledger's readers.
type ear struct{ heard []query }

// listen puts an ear between a ledger and the connections that it reads from.
func listen(l *Ledger) *ear {
	e := &ear{}
	l.db.Read = sql.OpenDB(listener{l.db.Read, e})
	l.read = l.db.Read
	return e
}

// during returns what is asked of the messages while do runs.
func (e *ear) during(do func()) []query {
	e.heard = nil
	do()
	return slices.DeleteFunc(e.heard, func(q query) bool { return !strings.Contains(q.text, "FROM messages") })
}

// listener makes connections that are those of a pool, with an ear.
type listener struct {
	pool *sql.DB
	*ear
}

func (l listener) Driver() driver.Driver { return l.pool.Driver() }

func (l listener) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := l.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return listening{conn, l.ear}, nil
}

// Close closes the pool along with the one that is made of the listener.
func (l listener) Close() error { return l.pool.Close() }

// listening is a connection out of the pool.
type listening struct {
	*sql.Conn
	*ear
}

var _ driver.QueryerContext = listening{}

func (c listening) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (rows driver.Rows, err error) {
	heard := query{text: text}
	for _, arg := range args {
		heard.args = append(heard.args, arg.Value)
	}
	c.heard = append(c.heard, heard)
	err = c.Raw(func(inner any) error {
		rows, err = inner.(driver.QueryerContext).QueryContext(ctx, text, args)
		return err
	})
	return rows, err
}

// CheckNamedValue leaves it to the connection's own driver which values it takes.
func (c listening) CheckNamedValue(value *driver.NamedValue) error {
	err := driver.ErrSkip
	_ = c.Raw(func(inner any) error {
		if checker, ok := inner.(driver.NamedValueChecker); ok {
			err = checker.CheckNamedValue(value)
		}
		return nil
	})
	return err
}

func (listening) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (listening) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
