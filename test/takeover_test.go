package test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"carillon/api"
	"carillon/campaign"
	"carillon/configs"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/seal"
	"carillon/simulator"
)

// old is a ledger of testdata/schema7.sql.
type old struct {
	url      string
	folder   string // has its files, where it is a SQLite file
	db       *sql.DB
	campaign string
	pending  []string // who was not tried yet
	sent     []string // the ids and people of messages that were accepted or sent
}

// killedAt is when the program was killed that wrote testdata/schema7.sql.
const killedAt = 1795709996974

// restore makes the ledger of an older version: by the migrations that it knew,
// with the rows that it left when it was killed ten minutes ago.
func restore(t *testing.T, dialect goose.Dialect, url, lists string) *old {
	t.Helper()
	o := &old{url: url, campaign: "j2st0jn"}
	driver, source, kind := "pgx", url, "postgres"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source, kind, o.folder = "sqlite", path+"?_pragma=journal_mode(WAL)", "sqlite", filepath.Dir(path)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	o.db = db
	provider, err := goose.NewProvider(dialect, db, os.DirFS("../ledger/migrations/"+kind))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	moved := time.Now().Add(-10*time.Minute).UnixMilli() - killedAt
	text := regexp.MustCompile(`\b179\d{10}\b`).ReplaceAllStringFunc(string(readFile(t, "testdata/schema7.sql")), func(at string) string {
		n, _ := strconv.ParseInt(at, 10, 64)
		return strconv.FormatInt(n+moved, 10)
	})
	for _, statement := range strings.Split(strings.ReplaceAll(text, "$LISTS", lists), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v:\n%s", err, statement)
		}
	}
	t.Cleanup(func() { _ = db.Close() })
	const of = ` FROM messages m JOIN recipients r ON r.id = m.id >> 4 LEFT JOIN attempts a ON a.message_id = m.id WHERE m.status `
	o.pending = texts(t, db, `SELECT r.person`+of+`= 2`)
	o.sent = texts(t, db, `SELECT a.provider_id || ' ' || r.person`+of+`IN (5, 7)`)
	if len(o.pending) != 4 || len(o.sent) != 5 {
		t.Fatalf("%v are pending and %v sent", o.pending, o.sent)
	}
	return o
}

// holds returns where the text stands in the ledger: files for SQLite, tables
// for PostgreSQL.
func (o *old) holds(t *testing.T, text string) (places []string) {
	t.Helper()
	if o.folder == "" {
		for _, table := range texts(t, o.db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
			if n := texts(t, o.db, `SELECT CAST(COUNT(*) AS TEXT) FROM `+table+` r WHERE CAST(r AS TEXT) LIKE '%`+text+`%'`); n[0] != "0" {
				places = append(places, table)
			}
		}
		return places
	}
	entries, err := os.ReadDir(o.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if bytes.Contains(readFile(t, filepath.Join(o.folder, entry.Name())), []byte(text)) {
			places = append(places, entry.Name())
		}
	}
	return places
}

// texts are what a query returns in its one column.
func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// abandon closes the test's own connection to a SQLite file as a killed program
// does: the -wal stays.
func (o *old) abandon(t *testing.T) {
	t.Helper()
	if o.folder == "" {
		return
	}
	copies := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		path := strings.TrimPrefix(o.url, "sqlite:") + suffix
		copies[path] = readFile(t, path)
	}
	if err := o.db.Close(); err != nil {
		t.Fatal(err)
	}
	for path, content := range copies {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// migrate runs the program's command with the key, and returns what it says.
func (o *old) migrate(t *testing.T, program, key string) string {
	t.Helper()
	path := write(t, "carillon.yaml", fmt.Sprintf(`
ledger: %s
channels:
  main: {phone_number_id: "106540352242922", access_token: "${A}", app_secret: "${A}"}
seal_keys: ["${KEY}"]
`, o.url))
	command := exec.CommandContext(t.Context(), program, "migrate", "-c", path)
	command.Env = append(os.Environ(), "A=a-word-of-ours", "KEY="+key)
	answer, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, answer)
	}
	if bytes.Contains(answer, []byte("hidden")) {
		t.Errorf("a secret is shown:\n%s", answer)
	}
	return string(answer)
}

// A ledger of an older version is taken over in the middle of a campaign. What it
// had sent is not sent again, what it had not is, and the secrets of its
// schedules are where they belong.
func TestALedgerOfAnOlderVersionIsTakenOver(t *testing.T) {
	program := programtest.Program(t)
	server := serveLists(t)
	for name, made := range map[string]func(*testing.T) *old{
		"SQLite": func(t *testing.T) *old {
			return restore(t, goose.DialectSQLite3, "sqlite:"+filepath.Join(t.TempDir(), "carillon.db"), server.URL)
		},
		"PostgreSQL": func(t *testing.T) *old {
			return restore(t, goose.DialectPostgres, postgrestest.Start(t).Database(t), server.URL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := made(t)
			if found := o.holds(t, "hidden"); len(found) == 0 {
				t.Fatal("it has no secrets")
			}
			o.abandon(t)
			o.takenOver(t, program)
			if t.Failed() {
				return
			}
			o.goesOn(t, server)
		})
	}
}

var takeoverKey = strings.Repeat("0a", seal.KeyBytes)

// takenOver migrates the ledger, first without a key and then with one.
func (o *old) takenOver(t *testing.T, program string) {
	t.Helper()
	said := o.migrate(t, program, "")
	if !strings.Contains(said, "the ledger is up to date") || !strings.Contains(said, "seal_keys") || !strings.Contains(said, "[base theirs]") {
		t.Errorf("without a key it says\n%s", said)
	}
	for _, secret := range []string{"hidden-1", "hidden-2", "hidden-3"} { // of schedules of the configuration
		if found := o.holds(t, secret); len(found) > 0 {
			t.Errorf("without a key %s stands in %v", secret, found)
		}
	}
	if said := o.migrate(t, program, takeoverKey); !strings.Contains(said, "now sealed under the first seal key") {
		t.Errorf("with a key it says\n%s", said)
	}
	if found := o.holds(t, "hidden"); len(found) > 0 {
		t.Errorf("secrets stand in %v", found)
	}
	if said := o.migrate(t, program, takeoverKey); strings.Contains(said, "plain text") {
		t.Errorf("once more it says\n%s", said)
	}
}

// goesOn runs the program with the ledger until the campaign has ended.
func (o *old) goesOn(t *testing.T, server *lists) {
	t.Helper()
	s := setup{redis: "embedded", ledger: o.url, rate: 100}
	if o.folder == "" {
		s.redis = startRedis(t)
	}
	provider, url := startProvider(t, simulator.Options{})
	c := config(t, s, url)
	c.Dir, c.SealKeys = t.TempDir(), []string{takeoverKey}
	c.Schedules = []configs.Schedule{{
		Name: "ours", Campaign: write(t, "c.yaml", oneStep), Cron: "0 9 1 1 *", Zone: "UTC",
		Contacts: configs.Contacts{URL: server.URL + "/ours.csv?key=hidden-8", Headers: map[string]string{"X-Key": "hidden-9"}, AllowPrivate: true},
	}}
	h := startApp(t, c, s, provider)

	for _, sent := range o.sent { // of which the old version has seen no delivery
		id, person, _ := strings.Cut(sent, " ")
		h.posts(t, fmt.Sprintf(`"statuses":[{"id":%q,"status":"delivered","timestamp":"%d","recipient_id":%q}]`, id, now(), strings.TrimPrefix(person, "+")))
	}
	programtest.Eventually(t, programtest.Patience, "what was posting is known to be unknown", func() bool { return h.state(t, o.campaign).Counts[campaign.Unknown] == 5 })
	if _, err := h.client.Resolve(t.Context(), o.campaign, api.Drop); err != nil {
		t.Fatal(err)
	}
	ended := h.finish(t, o.campaign)
	if ended.Counts[campaign.Delivered] != int64(2*len(o.pending)+2*len(o.sent)) || ended.Counts[campaign.Rejected] != 2 {
		t.Errorf("it ends as %v", ended.Counts)
	}
	o.wantMessages(t, provider.Truth().Messages)
	failed := map[string]int64{}
	for _, f := range ended.Failures {
		failed[f.Reason] = f.Count
	}
	if diff := cmp.Diff(map[string]int64{"invalid_parameter": 1, "undeliverable": 1, "dropped by tests": 5}, failed); diff != "" {
		t.Errorf("failures by reason: -want +got:\n%s", diff)
	}
	id, err := campaign.ParseID(o.campaign)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Ledger().Verify(t.Context(), id); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"ours": "hidden-9 key=hidden-8", "theirs": "hidden-5 key=hidden-4"} {
		if _, err := h.client.RunSchedule(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		h.fired(t, name)
		if got := server.sent("/" + name + ".csv"); got != want {
			t.Errorf("the list of %s is asked for with %q, want %q", name, got, want)
		}
	}
	if _, err := h.client.Schedule(t.Context(), "left"); err == nil {
		t.Error("a schedule that the configuration has no more is there")
	}
	if found := o.holds(t, "hidden"); len(found) > 0 {
		t.Errorf("secrets stand in %v", found)
	}
}

// wantMessages checks what the provider got: the first step for those who had not
// been tried, the second for them and for those who have the first.
func (o *old) wantMessages(t *testing.T, got []simulator.Message) {
	t.Helper()
	want := map[string]int{}
	for _, person := range o.pending {
		want[person+" hello"]++
		want[person+" follow_up"]++
	}
	for _, sent := range o.sent {
		_, person, _ := strings.Cut(sent, " ")
		want[person+" follow_up"]++
	}
	sends := map[string]int{}
	for _, m := range got {
		sends[m.To+" "+m.Template]++
	}
	if diff := cmp.Diff(want, sends); diff != "" {
		t.Errorf("-want +sent:\n%s", diff)
	}
}
