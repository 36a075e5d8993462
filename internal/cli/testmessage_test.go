package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/ledger"
)

const series = `
name: order-update
channels: [main, second]
contacts: {phone: Mobile, default_region: DE}
rate: 3
expires: 72h
steps:
  - template: order_update
    category: marketing
    language: "{{Language|en_US}}"
    body: ["{{Full Name|there}}", "{{Order ID}}"]
  - after: read
    wait: 10m
    patience: 5h
    otherwise: send
    template: order_feedback
    category: utility
    language: de
    components: [{type: body, parameters: [{type: text, text: "{{order  id}} of {{Mobile}}"}, {type: text, text: "{{Seat}}"}]}]
`

const (
	own      = "+4915123018622"
	listOfIt = "Mobile;Full Name;Order ID\n+33612982489;\"Zoé, \"\"Z\"\"\";A-1\n+33612982490;Bert;A-2\n"
)

// started is a test message on a server where nobody sends.
func started(t *testing.T, c *client.Client, r TestRequest) (Testing, campaign.MessageID) {
	t.Helper()
	test, err := StartTest(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	id, err := campaign.ParseID(test.Campaign.ID)
	if err != nil {
		t.Fatal(err)
	}
	return test, id.Recipient(1).Message(0)
}

func settle(t *testing.T, record *ledger.Ledger, id campaign.MessageID, s campaign.Status) {
	t.Helper()
	now := time.Now()
	if _, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := record.Settle(t.Context(), ledger.Settlement{Message: id, Attempt: 1, Outcome: ledger.OutcomeAccepted, ProviderID: "wamid.1", At: now})
	if err != nil {
		t.Fatal(err)
	}
	if s != campaign.Accepted {
		receive1(t, record, id, s)
	}
}

func receive1(t *testing.T, record *ledger.Ledger, id campaign.MessageID, s campaign.Status) {
	t.Helper()
	receipt := ledger.Receipt{Channel: "main", Peers: []string{"main"}, Message: id, Attempt: 1, ProviderID: "wamid.1", Status: s, At: time.Now()}
	if _, err := record.Receive(t.Context(), []ledger.Receipt{receipt}, time.Now()); err != nil {
		t.Error(err)
	}
}

func TestOneStepIsSentAsItIsWritten(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	url, record := realServer(t)
	c := realClient(t, url, adminToken)
	test, id := started(t, c, TestRequest{
		Campaign: file(t, "c.yaml", series), Contacts: file(t, "list.csv", listOfIt), Phone: own, Step: 2, Set: []string{"ORDER ID=B = 7"},
	})
	made, err := record.Campaign(t.Context(), id.Campaign())
	if err != nil {
		t.Fatal(err)
	}
	want := &campaign.Definition{
		Name: "test: order-update", Channel: "main", Expires: campaign.Duration(time.Hour),
		Contacts: campaign.ContactOptions{Phone: "Mobile", Encoding: "utf-8", Delimiter: ","},
		Steps: []campaign.Step{{
			Template: "order_feedback", Category: campaign.Utility, Language: "de",
			Components: []any{map[string]any{"type": "body", "parameters": []any{
				map[string]any{"type": "text", "text": "{{order  id}} of {{Mobile}}"},
				map[string]any{"type": "text", "text": "{{Seat}}"},
			}}},
		}},
	}
	if diff := cmp.Diff(want, made.Definition); diff != "" {
		t.Error(diff)
	}
	if made.State != campaign.Running || made.Verdicts[campaign.OK] != 1 {
		t.Errorf("it is %s, %v", made.State, made.Verdicts)
	}
	const components = `[{"parameters":[{"text":"B = 7 of +4915123018622","type":"text"},{"text":"[Seat]","type":"text"}],"type":"body"}]`
	wantPreview := api.Preview{Row: 1, To: own, Messages: []api.PreviewMessage{
		{Step: 2, Template: "order_feedback", Language: "de", Components: json.RawMessage(components)},
	}}
	if diff := cmp.Diff(wantPreview, test.Preview); diff != "" {
		t.Error(diff)
	}
	if got, want := test.String(), "step 2 to +4915123018622: order_feedback (de); filled in: Seat by [Seat]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestValuesOfATest(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	c := realClient(t, url, adminToken)
	for name, test := range map[string]struct {
		contacts string
		set      []string
		cells    []string
		filled   []Filled
	}{
		"nothing": {
			cells:  []string{own, "", "", "[Order ID]"},
			filled: []Filled{{"Language", ""}, {"Full Name", ""}, {"Order ID", "[Order ID]"}},
		},
		"the list's first row": {
			contacts: listOfIt, cells: []string{own, "", `Zoé, "Z"`, "A-1"}, filled: []Filled{{"Language", ""}},
		},
		"set": {
			contacts: listOfIt, set: []string{"language=fr", "Full Name=", "Order ID=x;y", "order id=z"},
			cells: []string{own, "fr", "", "z"}, filled: []Filled{{"Full Name", ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := TestRequest{Campaign: file(t, "c.yaml", series), Phone: "+49 1512 3018622", Step: 1, Set: test.set}
			if test.contacts != "" {
				r.Contacts = file(t, "list.csv", test.contacts)
			}
			got, id := started(t, c, r)
			if diff := cmp.Diff(test.filled, got.Filled); diff != "" {
				t.Error(diff)
			}
			now := time.Now()
			claimed, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, now, now.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			test.cells[0] = "+49 1512 3018622"
			if diff := cmp.Diff(test.cells, claimed.Cells); diff != "" || claimed.Phone != own {
				t.Errorf("to %s: %s", claimed.Phone, diff)
			}
		})
	}
}

func TestOutcomesOfATest(t *testing.T) {
	t.Parallel()
	refused := func(f campaign.Failure) func(*testing.T, *ledger.Ledger, campaign.MessageID) {
		return func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) { t.Helper(); fail(t, record, id, f) }
	}
	reported := func(s campaign.Status) func(*testing.T, *ledger.Ledger, campaign.MessageID) {
		return func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) { t.Helper(); settle(t, record, id, s) }
	}
	unreached := campaign.Failure{Reason: "unreachable", Retry: true, Throttled: true, Wait: time.Second}
	claim := func(t *testing.T, record *ledger.Ledger, id campaign.MessageID, attempt int, now time.Time) {
		t.Helper()
		if _, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: attempt}, ledger.Sender{}, now, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	again := func(f campaign.Failure) func(*testing.T, *ledger.Ledger, campaign.MessageID) {
		return func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) {
			t.Helper()
			fail(t, record, id, f)
			claim(t, record, id, 2, time.Now().Add(f.Wait+time.Second))
		}
	}
	claimed := func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) {
		t.Helper()
		claim(t, record, id, 1, time.Now())
	}
	unanswered := func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) {
		t.Helper()
		claimed(t, record, id)
		settlement := ledger.Settlement{
			Message: id, Attempt: 1, Outcome: ledger.OutcomeUnknown, At: time.Now(), UnknownAfter: time.Hour,
			Failure: campaign.Failure{Reason: "timeout"},
		}
		if err := record.Settle(t.Context(), settlement); err != nil {
			t.Fatal(err)
		}
	}
	nothing := func(*testing.T, *ledger.Ledger, campaign.MessageID) {}
	stop := func(t *testing.T, record *ledger.Ledger, id campaign.MessageID) {
		t.Helper()
		out := []ledger.Suppression{{Person: own, Scope: campaign.ScopeAll}}
		if err := record.Suppress(t.Context(), out, ledger.Actor{Name: "tester"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := record.Claim(t.Context(), campaign.Task{Message: id, Attempt: 1}, ledger.Sender{}, time.Now(), time.Now().Add(time.Minute)); err == nil {
			t.Fatal("claimed")
		}
	}
	for name, test := range map[string]struct {
		phone  string
		happen func(*testing.T, *ledger.Ledger, campaign.MessageID)
		status string
		ok     bool
		so     bool // only so far
		text   []string
	}{
		"read":     {own, reported(campaign.Read), "read", true, false, []string{"read\n"}},
		"accepted": {own, reported(campaign.Accepted), "accepted", true, true, []string{"accepted so far\n", "webhook"}},
		"nobody sends": {own, nothing, "pending", false, true, []string{
			"pending so far\n", "its provider may be failing", "It is sent within the hour, unless `carillon cancel ",
		}},
		"refused for good": {own, refused(campaign.Failure{Code: 131026, Reason: "undeliverable"}), "failed", false, false, []string{
			"failed: undeliverable (131026)\n", "probably not on WhatsApp",
		}},
		"tried again": {own, refused(campaign.Failure{Code: 131016, Reason: "service_unavailable", Retry: true}), "pending", false, true, []string{
			"pending so far: service_unavailable (131016)\n", "check Meta's status page", "It is tried again for up to an hour",
		}},
		"not reached": {own, refused(unreached), "pending", false, true, []string{
			"pending so far: unreachable\nNothing was sent. If it lasts, check base_url", "It is tried again for up to an hour",
		}},
		"not reached, and under way again": {own, again(unreached), "posting", false, true, []string{
			"posting so far; the previous attempt: unreachable\nNothing was sent. If it lasts, check base_url", "An attempt is under way",
		}},
		"under way": {own, claimed, "posting", false, true, []string{"posting so far\nAn attempt is under way"}},
		"no answer": {own, unanswered, "unknown", false, true, []string{
			"unknown so far: timeout\nIt may have been sent: a receipt will tell. If it is frequent, raise the channel's timeout. `carillon status ",
		}},
		"paused": {
			own, refused(campaign.Failure{Code: 190, Reason: "token_rejected", Detail: "get a token", Retry: true, Throttled: true, Pause: campaign.PauseAccount}),
			"pending", false, false, []string{"pending: token_rejected (190)\nthe test is paused: ", "get a token", "test again"},
		},
		"opted out":                      {own, stop, "skipped", false, false, []string{"skipped: opted out: recorded by an operator\n", "carillon suppress list"}},
		"marketing to the United States": {"+12015030326", nothing, "skipped", false, false, []string{"skipped: WhatsApp delivers no marketing to numbers of the United States\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			url, record := realServer(t)
			c := realClient(t, url, adminToken)
			running, id := started(t, c, TestRequest{Campaign: file(t, "c.yaml", series), Phone: test.phone, Step: 1})
			test.happen(t, record, id)
			patience := time.Hour // is not waited for what is decided
			if test.so {
				patience = 0
			}
			done, err := AwaitTest(t.Context(), c, running, patience)
			if err != nil {
				t.Fatal(err)
			}
			if done.Message.Status != test.status || done.OK() != test.ok || done.TimedOut != test.so || done.Message.Phone != test.phone {
				t.Errorf("%+v; ok is %t", done, done.OK())
			}
			var text strings.Builder
			if err := done.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			for _, part := range test.text {
				if !strings.Contains(text.String(), part) {
					t.Errorf("it does not say %q:\n%s", part, text.String())
				}
			}
			if test.status != "unknown" && strings.Contains(text.String(), "may have been sent") {
				t.Errorf("it says that it may have been sent:\n%s", text.String())
			}
		})
	}
}

// meanwhile does something before the n-th request from now on, which may
// answer it.
type meanwhile struct {
	next http.RoundTripper
	n    int
	do   func() *http.Response
}

func (m *meanwhile) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.n--; m.n == 0 {
		if answer := m.do(); answer != nil {
			return answer, nil
		}
	}
	return m.next.RoundTrip(r)
}

func TestATestIsWaitedFor(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	c := realClient(t, url, adminToken)
	running, id := started(t, c, TestRequest{Campaign: file(t, "c.yaml", series), Phone: own, Step: 1})
	settle(t, record, id, campaign.Accepted)
	away := &meanwhile{next: c.HTTP.Transport, n: 3, do: func() *http.Response {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Status: "503", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}
	}}
	c.HTTP.Transport = &meanwhile{next: away, n: 8, do: func() *http.Response {
		receive1(t, record, id, campaign.Delivered)
		return nil
	}}
	done, err := AwaitTest(t.Context(), c, running, time.Hour)
	if err != nil || done.Message.Status != "delivered" || done.Message.MessageID != "wamid.1" || away.n > 0 {
		t.Errorf("%+v, %v; %d", done, err, away.n)
	}
}

func TestWaitingForATestIsInterrupted(t *testing.T) {
	t.Parallel()
	url, _ := realServer(t)
	c := realClient(t, url, adminToken)
	running, _ := started(t, c, TestRequest{Campaign: file(t, "c.yaml", series), Phone: own, Step: 1})
	ctx, cancel := context.WithCancel(t.Context())
	c.HTTP.Transport = &meanwhile{next: c.HTTP.Transport, n: 5, do: func() *http.Response { cancel(); return nil }}
	_, err := AwaitTest(ctx, c, running, time.Hour)
	exits(t, err, 1, "carillon cancel "+running.Campaign.ID)
}

func TestATestThatCannotBeSent(t *testing.T) {
	t.Parallel()
	url, record := realServer(t)
	c := realClient(t, url, adminToken)
	for name, test := range map[string]struct {
		change func(*TestRequest)
		want   string
	}{
		"no such step":      {func(r *TestRequest) { r.Step = 3 }, "has no step 3; its steps are 1 to 2"},
		"no step":           {func(r *TestRequest) { r.Step = 0 }, "has no step 0"},
		"no campaign":       {func(r *TestRequest) { r.Campaign = "none.yaml" }, "no such file"},
		"a wrong campaign":  {func(r *TestRequest) { r.Campaign = file(t, "c.yaml", "name: x\nsteps: 3\n") }, "line 2: steps"},
		"no list":           {func(r *TestRequest) { r.Contacts = "none.csv" }, "none.csv: "},
		"an empty list":     {func(r *TestRequest) { r.Contacts = file(t, "l.csv", "Mobile,Full Name\n") }, "no row below its header"},
		"another list":      {func(r *TestRequest) { r.Contacts = file(t, "l.csv", "Phone\n"+own+"\n") }, `"Mobile"`},
		"no number":         {func(r *TestRequest) { r.Phone = "12345" }, `"12345" cannot be sent to: `},
		"an empty number":   {func(r *TestRequest) { r.Phone = "" }, "cannot be sent to: "},
		"no value":          {func(r *TestRequest) { r.Set = []string{"Order ID"} }, `write --set "Column=value"`},
		"no such column":    {func(r *TestRequest) { r.Set = []string{"Seat=1"} }, "it uses Language, Full Name, Order ID"},
		"the number's":      {func(r *TestRequest) { r.Step, r.Set = 2, []string{"Mobile=1"} }, "it uses order  id, Seat"},
		"a value too long":  {func(r *TestRequest) { r.Set = []string{"Full Name=" + strings.Repeat("x", 2000)} }, "step 1, body[0]"},
		"a value to be set": {func(r *TestRequest) { r.Set = []string{"Language=no code at all"} }, "give another value with --set"},
	} {
		t.Run(name, func(t *testing.T) {
			r := TestRequest{Campaign: file(t, "c.yaml", series), Phone: own, Step: 1}
			test.change(&r)
			_, err := StartTest(t.Context(), c, r)
			exits(t, err, 2, test.want)
		})
	}
	if made, err := record.Campaigns(t.Context(), 0, 10); err != nil || len(made) != 0 {
		t.Errorf("%d campaigns were made, %v", len(made), err)
	}
	_, err := StartTest(t.Context(), realClient(t, url, viewerToken), TestRequest{Campaign: file(t, "c.yaml", series), Phone: own, Step: 1})
	exits(t, err, 1, "viewer")
}

// TestEveryKindOfStepSurvives writes each step of a campaign with everything in
// it, and reads it as the server does.
func TestEveryKindOfStepSurvives(t *testing.T) {
	t.Parallel()
	written, err := readCampaign("../../campaign/testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for step := range written.Steps {
		one := written.Test(step + 1)
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		read, err := campaign.Parse(text)
		if err != nil {
			t.Fatalf("step %d: %v\n%s", step+1, err, text)
		}
		if diff := cmp.Diff(one, read); diff != "" {
			t.Errorf("step %d: %s", step+1, diff)
		}
	}
}
