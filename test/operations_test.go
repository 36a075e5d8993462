package test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"carillon/configs"
	"carillon/internal/programtest"
	"carillon/simulator"
	"carillon/whatsapp/gateway"
)

// promtool runs Prometheus' checker on files of a folder, with some input.
func promtool(t *testing.T, folder, input string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	command := exec.CommandContext(t.Context(), path, args...)
	command.Dir, command.Stdin = folder, strings.NewReader(input)
	if answer, err := command.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v:\n%s", strings.Join(args, " "), err, answer)
	}
}

// exposed is what a program shows at /metrics.
type exposed struct {
	text   string
	labels map[string][]string // of our metrics, without those that every histogram has
	kinds  map[string]string
	values map[string]float64 // by series
}

// scrape reads /metrics.
func scrape(t testing.TB, h *house) exposed {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.URL()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	e := exposed{text: string(text), labels: map[string][]string{}, kinds: map[string]string{}, values: map[string]float64{}}
	for line := range strings.Lines(e.text) {
		e.read(t, strings.TrimSpace(line))
	}
	return e
}

var (
	seriesLine = regexp.MustCompile(`^(carillon_\w+)(?:\{(.*)\})? (\S+)$`)
	labelName  = regexp.MustCompile(`(\w+)="`)
)

// read takes in one line.
func (e exposed) read(t testing.TB, line string) {
	t.Helper()
	if words := strings.Fields(line); len(words) == 4 && words[1] == "TYPE" && strings.HasPrefix(words[2], "carillon_") {
		e.kinds[words[2]] = words[3]
		return
	}
	found := seriesLine.FindStringSubmatch(line)
	if found == nil {
		return
	}
	value, err := strconv.ParseFloat(found[3], 64)
	if err != nil {
		t.Fatal(line, err)
	}
	e.values[strings.TrimSuffix(line, " "+found[3])] = value
	labels := []string{}
	for _, name := range labelName.FindAllStringSubmatch(found[2], -1) {
		if name[1] != "le" {
			labels = append(labels, name[1])
		}
	}
	slices.Sort(labels)
	e.labels[e.family(found[1])] = labels
}

// family is the metric that a series is one of.
func (e exposed) family(series string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if name, cut := strings.CutSuffix(series, suffix); cut && e.kinds[name] == "histogram" {
			return name
		}
	}
	return series
}

// sum adds up the series that begin with a text.
func (e exposed) sum(series string) (total float64) {
	for name, value := range e.values {
		if strings.HasPrefix(name, series) {
			total += value
		}
	}
	return total
}

// watchedHouse is a program with a channel of each kind that has metrics of its
// own, which has sent a campaign.
func watchedHouse(t *testing.T, n int) *house {
	t.Helper()
	polled := configs.NewChannel(gateway.Spec())
	settings := polled.Settings.(*gateway.Settings)
	settings.BaseURL, settings.AccessToken = "http://127.0.0.1:1", "a-key-for-the-tests"
	h := startHouse(t, setup{redis: configuredEmbedded, rate: 200, simulator: simulator.Options{}, more: map[string]configs.Channel{"polled": polled}})
	campaign := h.launch(t, write(t, "campaign.yaml", oneStep), people(t, n))
	h.finish(t, campaign.ID)
	return h
}

// TestMetrics sends a campaign, and holds what is shown then against what was
// sent, Prometheus' own rules, docs/operations.md, the alerts and the dashboard.
func TestMetrics(t *testing.T) {
	const sent = 40
	h := watchedHouse(t, sent)
	programtest.Eventually(t, programtest.Patience, "nothing waits", func() bool { return scrape(t, h).sum("carillon_oldest_due_seconds") == 0 })
	shown := scrape(t, h)
	for series, want := range map[string]float64{
		`carillon_answers_total{channel="main",class="accepted"}`:            sent,
		`carillon_attempts_total{channel="main",outcome="accepted"}`:         sent,
		`carillon_request_seconds_count{channel="main"}`:                     sent,
		`carillon_webhook_receipts_total{channel="main",status="sent"}`:      sent,
		`carillon_receipt_delay_seconds_count{channel="main",status="sent"}`: sent,
		`carillon_campaigns{state="finished"}`:                               1,
		`carillon_campaigns_in_trouble`:                                      0,
		`carillon_messages_undecided`:                                        0,
		`carillon_scheduler_leader`:                                          1,
		`carillon_window_size_tasks{channel="main"}`:                         2000,
		`carillon_rate_configured_per_second{channel="main"}`:                200,
		`carillon_rate_allowed_per_second{channel="main"}`:                   200,
		`carillon_queue_refuses{channel="main"}`:                             0,
		`carillon_ledger_up`:                                                 1,
	} {
		if got, there := shown.values[series]; !there || got != want {
			t.Errorf("%s is %v (there: %t), want %v", series, got, there, want)
		}
	}
	for _, series := range []string{
		`carillon_departure_wait_seconds_count{channel="main"}`, `carillon_fed_total{channel="main"}`, `carillon_webhook_answer_seconds_count{channel="main",code="2xx"}`,
		`carillon_ledger_commit_jobs_sum{priority="urgent"}`, `carillon_ledger_commit_seconds_count{priority="background"}`, `carillon_ledger_ping_seconds`,
	} {
		if shown.values[series] <= 0 {
			t.Errorf("%s does not move", series)
		}
	}
	t.Run("promtool", func(t *testing.T) { promtool(t, ".", shown.text, "check", "metrics") })
	t.Run("page", func(t *testing.T) { compareMetricsPage(t, shown) })
	t.Run("names", func(t *testing.T) { namesAreShown(t, shown) })
}

// compareMetricsPage holds the table of docs/operations.md to what is shown.
func compareMetricsPage(t *testing.T, shown exposed) {
	written := map[string][]string{}
	for _, cells := range table(t, "../docs/operations.md", "metric") {
		written[strings.Trim(cells[0], "`")] = quoted(cells[1])
		if cells[2] == "" {
			t.Errorf("%s has no meaning", cells[0])
		}
	}
	if diff := cmp.Diff(shown.labels, written); diff != "" {
		t.Errorf("what is shown (-) and docs/operations.md (+): %s", diff)
	}
}

// namesAreShown checks that the alerts and the dashboard name no metric that is
// not there, and that a histogram is asked for by its parts.
func namesAreShown(t *testing.T, shown exposed) {
	for _, path := range []string{"../configs/prometheus/alerts.yaml", "../configs/prometheus/alerts_test.yaml", "../configs/grafana/carillon.json"} {
		names := regexp.MustCompile(`\bcarillon_\w+`).FindAllString(string(readFile(t, path)), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", path)
		}
		for _, name := range names {
			family := shown.family(name)
			if shown.kinds[family] == "" || (shown.kinds[family] == "histogram") == (family == name) {
				t.Errorf("%s asks for %s, which is not shown", path, name)
			}
		}
	}
}

// alert is a rule of configs/prometheus/alerts.yaml.
type alert struct {
	Alert, Expr, For string
	Labels           map[string]string
	Annotations      map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []alert
		}
	}
	if err := yaml.Unmarshal(readFile(t, "../configs/prometheus/alerts.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

func TestAlerts(t *testing.T) {
	t.Run("promtool", func(t *testing.T) {
		promtool(t, "../configs/prometheus", "", "check", "rules", "alerts.yaml")
		promtool(t, "../configs/prometheus", "", "test", "rules", "alerts_test.yaml")
	})
	tests := string(readFile(t, "../configs/prometheus/alerts_test.yaml"))
	page := string(readFile(t, "../docs/operations.md"))
	_, part, _ := strings.Cut(page, "\n## Alerts\n")
	part, _, _ = strings.Cut(part, "\n## ")
	sections := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^### (\w+)\n\n\S`).FindAllStringSubmatch(part, -1) {
		sections[found[1]] = true
	}
	for _, a := range alerts(t) {
		if !sections[a.Alert] {
			t.Errorf("docs/operations.md has no section %s", a.Alert)
		}
		delete(sections, a.Alert)
		if want := "docs/operations.md#" + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s leads to %q, want %q", a.Alert, a.Annotations["runbook_url"], want)
		}
		if a.Annotations["summary"] == "" || a.Labels["severity"] != "page" && a.Labels["severity"] != "ticket" {
			t.Errorf("%s has summary %q and severity %q", a.Alert, a.Annotations["summary"], a.Labels["severity"])
		}
		if !strings.Contains(tests, `alertname="`+a.Alert+`"`) {
			t.Errorf("no test lets %s fire", a.Alert)
		}
	}
	for name := range sections {
		t.Errorf("docs/operations.md has a section %s, and there is no such alert", name)
	}
}

// TestDashboard reads the dashboard as Grafana does, as far as we rely on it.
func TestDashboard(t *testing.T) {
	type panel struct {
		ID          int
		Type, Title string
		Targets     []struct{ Expr string }
	}
	var board struct {
		Title  string
		UID    string
		Panels []panel
	}
	if err := json.Unmarshal(readFile(t, "../configs/grafana/carillon.json"), &board); err != nil {
		t.Fatal(err)
	}
	var rows, rules []string
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("panel %d has an id twice, or no title", p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			rows = append(rows, p.Title)
		} else if len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for n, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "1m", "$channel", ".*").Replace(target.Expr)
			rules = append(rules, fmt.Sprintf("{record: 'panel%d:%d', expr: %s}", p.ID, n, strconv.Quote(expr)))
		}
	}
	path := write(t, "panels.yaml", "groups: [{name: panels, rules: ["+strings.Join(rules, ",\n")+"]}]")
	promtool(t, filepath.Dir(path), "", "check", "rules", path)
	want := []string{"Promises", "Channels", "Campaigns", "Receipts", "Ledger", "Queue and schedules"}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows: %s", diff)
	}
}

// TestUnit checks the unit of systemd: by systemd's own checker where that is
// there, and in what the program needs of it.
func TestUnit(t *testing.T) {
	text := string(readFile(t, "../configs/systemd/carillon.service"))
	settings := map[string]string{}
	for _, found := range regexp.MustCompile(`(?m)^(\w+)=(.*)$`).FindAllStringSubmatch(text, -1) {
		settings[found[1]] = found[2]
	}
	for name, want := range map[string]string{
		"NoNewPrivileges": "yes", "ProtectSystem": "strict", "StateDirectory": "carillon", "StateDirectoryMode": "0700",
		"Restart": "always", "RestartPreventExitStatus": "2", "UMask": "0077", "CapabilityBoundingSet": "",
	} {
		if got, there := settings[name]; !there || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	seconds, err := strconv.Atoi(settings["TimeoutStopSec"])
	request := time.Duration(configs.NewChannel(gateway.Spec()).Timeout)
	if stop := time.Duration(seconds) * time.Second; err != nil || stop < request+10*time.Second {
		t.Errorf("TimeoutStopSec is %q, and a request may take %s", settings["TimeoutStopSec"], request)
	}
	program, folder := programtest.Program(t), t.TempDir()
	words := strings.Fields(settings["ExecStart"])
	if answer, err := exec.Command(program, append(words[1:], "--help")...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v:\n%s", settings["ExecStart"], err, answer)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd's own checker is not here")
		return
	}
	path := filepath.Join(folder, "carillon.service")
	if err := os.WriteFile(path, []byte(strings.Replace(text, words[0], program, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	answer, err := exec.Command(analyze, "verify", path).CombinedOutput()
	if err != nil || strings.Contains(string(answer), "carillon.service") {
		t.Errorf("systemd-analyze verify: %v:\n%s", err, answer)
	}
}

// TestOperationsPageNamesItsMetrics: what the text speaks of is in its table.
func TestOperationsPageNamesItsMetrics(t *testing.T) {
	known := map[string]bool{}
	for _, cells := range table(t, "../docs/operations.md", "metric") {
		known[strings.Trim(cells[0], "`")] = true
	}
	spoken := map[string]bool{}
	for _, page := range pages(t) {
		for _, name := range regexp.MustCompile("`(carillon_[a-z_]+)").FindAllStringSubmatch(string(readFile(t, page)), -1) {
			spoken[name[1]] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(spoken)) {
		if !known[name] {
			t.Errorf("a page speaks of %s, which is not in the table of metrics", name)
		}
	}
}
