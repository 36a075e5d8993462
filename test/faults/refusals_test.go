package faults

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
)

// refusal is a way in which a Redis answers and does not do its work.
type refusal struct {
	name string
	// more are arguments of its server, and login is what the program's address
	// begins with.
	more  []string
	login string
	// begin and end are commands that make it refuse and let it work again.
	begin, end [][]any
	// strike is what takes more than commands; it returns what ends it.
	strike func(s *stage, admin *redis.Client) (end func())
	// reason is in what the program says of it.
	reason string
	// silent says that Redis does not answer before it refuses, of which the log
	// may tell by a line of its own.
	silent bool
}

func command(words string) []any {
	var args []any
	for word := range strings.FieldsSeq(words) {
		args = append(args, word)
	}
	return args
}

func commands(lines ...string) [][]any {
	var all [][]any
	for _, line := range lines {
		all = append(all, command(line))
	}
	return all
}

// denied is a right that the user loses.
func denied(what string) refusal {
	return refusal{
		name:  "the user may not " + what,
		begin: commands("ACL SETUSER default -" + what), end: commands("ACL SETUSER default +@all"),
		reason: "lacks permissions that the queue needs",
	}
}

func refusals() []refusal {
	return []refusal{
		{
			name:  "memory full",
			begin: commands("CONFIG SET maxmemory 1"), end: commands("CONFIG SET maxmemory 0"), reason: "maxmemory",
		},
		{
			name:  "a replica",
			begin: commands("REPLICAOF 127.0.0.1 1"), end: commands("REPLICAOF NO ONE"), reason: "replica",
		},
		{
			name:  "a replica that serves nothing",
			begin: commands("CONFIG SET replica-serve-stale-data no", "REPLICAOF 127.0.0.1 1"), end: commands("REPLICAOF NO ONE"),
			reason: "replica",
		},
		{
			name:  "too few replicas",
			begin: commands("CONFIG SET min-replicas-to-write 1"), end: commands("CONFIG SET min-replicas-to-write 0"),
			reason: "too few replicas",
		},
		denied("@write"), denied("zadd"), denied("lpush"), denied("evalsha"),
		{name: "cannot save", more: []string{"--enable-protected-configs", "yes"}, strike: failSaving, reason: "cannot save"},
		{name: "loading", strike: restart, reason: "loading", silent: true},
		{
			name:  "a script that does not end",
			begin: commands("CONFIG SET busy-reply-threshold 1"), strike: loop, reason: "script",
		},
		{
			name:  "a password",
			begin: commands("CONFIG SET requirepass hidden-word", "CLIENT KILL TYPE normal SKIPME yes"),
			end:   [][]any{{"CONFIG", "SET", "requirepass", ""}}, reason: "requires a password",
		},
		{
			name: "another password", more: user, login: login,
			begin: commands("ACL SETUSER carillon resetpass >another-hidden-word", "CLIENT KILL USER carillon"),
			end:   commands("ACL SETUSER carillon >hidden-word"), reason: "rejected the user or the password",
		},
		{
			name: "a user who is gone", more: user, login: login,
			begin: commands("ACL DELUSER carillon"), end: commands("ACL SETUSER carillon on ~* &* +@all >hidden-word"),
			reason: "rejected the user or the password",
		},
		{
			name:  "too many clients",
			begin: commands("CONFIG SET maxclients 1", "CLIENT KILL TYPE normal SKIPME yes"),
			end:   commands("CONFIG SET maxclients 1000"), reason: "accepts no more connections", silent: true,
		},
	}
}

// login is of a user that user makes known to a server.
const login = "carillon:hidden-word@"

var user = strings.Fields("--user carillon on ~* &* +@all >hidden-word")

// failSaving takes the folder away that Redis saves into.
func failSaving(s *stage, admin *redis.Client) func() {
	folder := filepath.Join(s.folder, "saved")
	s.must(os.Mkdir(folder, 0o700))
	s.must(admin.ConfigSet(s.Context(), "dir", folder).Err())
	s.must(os.Remove(folder))
	s.must(admin.ConfigSet(s.Context(), "save", "3600 1").Err())
	s.must(admin.BgSave(s.Context()).Err())
	return func() { s.must(admin.ConfigSet(s.Context(), "save", "").Err()) }
}

// restart kills Redis, and has it take its time over loading its data.
func restart(s *stage, admin *redis.Client) func() {
	s.must(admin.ConfigSet(s.Context(), "rdbcompression", "no").Err()) // or there is less to load than it seems
	pipe := admin.Pipeline()
	for n := range 500 {
		pipe.Set(s.Context(), fmt.Sprintf("of-somebody-else:%d", n), strings.Repeat("x", 1000), time.Hour)
	}
	_, err := pipe.Exec(s.Context())
	s.must(err)
	s.must(admin.Save(s.Context()).Err())
	s.redis.Kill()
	const each = "10000" // µs
	s.redis.begin(s.T, "--key-load-delay", each, "--loading-process-events-interval-bytes", "1024")
	return func() {
		s.eventually("it is loaded", func() bool { return admin.Ping(s.Context()).Err() == nil })
	}
}

// loop keeps Redis busy.
func loop(s *stage, admin *redis.Client) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		busy := redis.NewClient(&redis.Options{Network: "unix", Addr: s.redis.socket(), ReadTimeout: -1, MaxRetries: -1})
		defer busy.Close()
		_ = busy.Eval(s.Context(), "while true do end", nil).Err() // it is killed
	}()
	return func() {
		s.must(admin.ScriptKill(s.Context()).Err())
		<-done
	}
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// TestRedisRefuses lets a Redis refuse in every way we know of while a campaign
// sends. The program has to say so where it is asked, and once in its log, and to
// go on by itself with nothing lost and nothing twice.
func TestRedisRefuses(t *testing.T) {
	program := programtest.Program(t)
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			tr := trial{fault: fault{name: r.name, ends: allArrive}, engine: engineSQLite, size: short, program: program, login: r.login}
			tr.refuse(t, r)
		})
	}
	t.Run("processes for each role", func(t *testing.T) {
		t.Parallel()
		tr := trial{
			fault:  fault{houses: []string{"web", "scheduler", "worker"}, ends: allArrive},
			engine: enginePostgres, size: short, program: program, database: postgrestest.Start(t).Database(t),
		}
		tr.refuse(t, refusals()[0])
	})
}

// lasts is how long a Redis refuses: many rounds of the feed, and several looks.
const lasts = 4 * time.Second

func (tr trial) refuse(t *testing.T, r refusal) {
	tr.size.people = 400
	s := tr.set(t, r.more...)
	admin := s.redis.client()
	defer admin.Close()
	s.launch()
	s.underWay(50)
	for _, h := range s.houses {
		if status, text := ready(s, h); status != http.StatusOK {
			s.Errorf("before that the %s says %s", h.role, text)
		}
	}
	s.run(admin, r.begin)
	end := func() { s.run(admin, r.end) }
	if r.strike != nil {
		end = r.strike(s, admin)
	}
	for _, h := range s.houses {
		s.eventually("the "+h.role+" is not ready", func() bool {
			status, text := ready(s, h)
			return status == http.StatusServiceUnavailable && strings.Contains(text, r.reason) &&
				strings.Contains(text, "the ledger is ready") && !strings.Contains(text, "hidden")
		})
	}
	if told := s.status(); !strings.Contains(told, "accepts no tasks: ") || !strings.Contains(told, r.reason) {
		s.Errorf("`carillon status` does not say it:\n%s", told)
	}
	last(lasts)
	end()
	for _, h := range s.houses {
		s.eventually("the "+h.role+" is ready again", func() bool {
			status, _ := ready(s, h)
			return status == http.StatusOK
		})
	}
	s.finish()
	if o := s.audit(); !o.OK() {
		s.Errorf("the audit found something:\n%s", o.Audit)
	}
	if told := s.status(); strings.Contains(told, "accepts no tasks") {
		s.Errorf("`carillon status` still says it:\n%s", told)
	}
	for _, h := range s.houses {
		s.saidOnce(h, r.silent)
	}
}

// TestStartsWhileRedisRefuses starts the program while Redis refuses, and
// launches a campaign. It has to say what is wrong, and to go on when Redis does.
func TestStartsWhileRedisRefuses(t *testing.T) {
	program := programtest.Program(t)
	for _, r := range refusals() {
		if r.strike != nil || r.login != "" || r.name == "a password" { // with a wrong login it does not start
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			tr := trial{fault: fault{name: r.name, ends: allArrive}, engine: engineSQLite, size: short, program: program}
			tr.startRefused(t, r)
		})
	}
}

func (tr trial) startRefused(t *testing.T, r refusal) {
	tr.size.people = 100
	s := tr.set(t)
	admin := s.redis.client()
	defer admin.Close()
	s.strike(s.houses[0])
	s.houses = nil
	s.run(admin, r.begin)
	h := s.open("serve")
	s.eventually("it is not ready", func() bool {
		status, text := ready(s, h)
		return status == http.StatusServiceUnavailable && strings.Contains(text, r.reason)
	})
	launch := s.command("launch", s.definition(), s.people())
	for _, told := range []string{launch, s.command("list")} {
		if !strings.Contains(told, "the queue accepts no tasks: ") || !strings.Contains(told, r.reason) {
			s.Errorf("a command does not say it:\n%s", told)
		}
	}
	lines := strings.Fields(launch)
	s.id = lines[len(lines)-1]
	s.run(admin, r.end)
	s.finish()
	if o := s.audit(); !o.OK() {
		s.Errorf("the audit found something:\n%s", o.Audit)
	}
	s.saidOnce(h, r.silent)
}

func (s *stage) run(admin *redis.Client, commands [][]any) {
	s.Helper()
	for _, args := range commands {
		if err := admin.Do(s.Context(), args...).Err(); err != nil {
			s.Fatalf("%v: %v", args, err)
		}
	}
}

// ready asks a process whether it is, and returns what it answers.
func ready(s *stage, h *house) (status int, text string) {
	s.Helper()
	answer, err := http.Get(h.url + "/readyz")
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	var problem struct{ Detail string }
	_ = json.Unmarshal(body, &problem) // it may be none
	return answer.StatusCode, problem.Detail
}

// status is what the command says of the campaign.
func (s *stage) status() string {
	s.Helper()
	return s.command("status", s.id)
}

// command runs the program against the server, and returns what it says.
func (s *stage) command(args ...string) string {
	s.Helper()
	show := exec.Command(s.program, append(args, "--server", s.front.URL)...)
	show.Env = append(os.Environ(), "CARILLON_TOKEN="+token)
	text, err := show.CombinedOutput()
	if err != nil {
		s.Fatalf("%v: %s", err, text)
	}
	return string(text)
}

// saidOnce wants a line for the beginning of the trouble in the log of a process,
// and one for its end; and perhaps one that Redis was silent before.
func (s *stage) saidOnce(h *house, silent bool) {
	s.Helper()
	begun, ended := s.troubles(h)
	if silent {
		begun = slices.DeleteFunc(begun, func(line string) bool { return strings.Contains(line, "Redis does not answer") })
	}
	if len(begun) != 1 || len(ended) != 1 {
		s.Errorf("the log of the %s says %d times that it begins and %d times that it ends:\n%s%s", h.role, len(begun), len(ended),
			strings.Join(begun, ""), strings.Join(ended, ""))
	}
}

// troubles are the lines in the log of a process about troubles of the queue that
// begin and end. It fails the test where anything else is wrong there.
func (s *stage) troubles(h *house) (begun, ended []string) {
	s.Helper()
	text, err := os.ReadFile(h.Log)
	s.must(err)
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.Contains(line, "the queue accepts no tasks"):
			begun = append(begun, line)
		case strings.Contains(line, "the queue accepts tasks again"):
			ended = append(ended, line)
		case strings.Contains(line, "level=WARN"), strings.Contains(line, "level=ERROR"):
			s.Errorf("the log of the %s also says: %s", h.role, line)
		}
	}
	return begun, ended
}
