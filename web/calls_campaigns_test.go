package web

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
	"carillon/campaign"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	var changed atomic.Int32
	f := start(t, func(o *Options) { o.Changed = func() { changed.Add(1) } })
	// The parts may come in any order.
	answer := f.do(multipartCall("/api/campaigns", "", part{"contacts", fourContacts}, part{"campaign", twoSteps}))
	wantStatus(t, answer, http.StatusCreated)
	got := decode[api.Created](t, answer)
	if answer.header.Get("Location") != "/api/campaigns/"+got.ID {
		t.Errorf("Location %s", answer.header.Get("Location"))
	}
	wantCounts := campaign.Counts{campaign.Pending: 1, campaign.Waiting: 1, campaign.Rejected: 3}
	wantVerdicts := map[campaign.Verdict]int64{campaign.OK: 1, campaign.BadValue: 1, campaign.Invalid: 1, campaign.Duplicate: 1}
	if diff := cmp.Diff(wantCounts, got.Counts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantVerdicts, got.Verdicts); diff != "" {
		t.Error(diff)
	}
	if got.State != campaign.Draft || got.Total != 2 || got.Open != 2 || got.RateLimit != 20 || got.StartedAt != nil || got.CreatedAt == nil {
		t.Errorf("%+v", got.Campaign)
	}
	if len(got.Steps) != 2 || got.Steps[1].Template != "order_feedback" || got.Steps[1].Counts[campaign.Waiting] != 1 {
		t.Errorf("steps %+v", got.Steps)
	}
	var problems []string
	for _, p := range got.Problems {
		problems = append(problems, fmt.Sprintf("%d %s %s", p.Row, p.Verdict, p.Phone))
		if p.Detail == "" || strings.HasPrefix(p.Detail, string(p.Verdict)) {
			t.Errorf("row %d: detail %q", p.Row, p.Detail)
		}
	}
	want := []string{"2 bad_value +4915112345602", "3 invalid not a number", "4 duplicate +4915112345601"}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Phone", "Name"}, got.Layout.Columns); diff != "" {
		t.Error(diff)
	}
	if changed.Load() != 0 {
		t.Error("a draft is no news for the scheduler")
	}
}

func TestUploadStartsWhenAsked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	var changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Now = func() time.Time { return now }
		o.Changed = func() { changed.Add(1) }
	})
	got := decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", "")))
	if got.State != campaign.Running || got.Reason != "started by anybody" || !got.StartedAt.Equal(now) || changed.Load() != 1 {
		t.Errorf("%+v, changed %d times", got.Campaign, changed.Load())
	}
	at := now.Add(time.Hour)
	got = decode[api.Created](t, f.do(uploadCall("/api/campaigns?at="+url.QueryEscape(at.Format(time.RFC3339)), "")))
	if got.State != campaign.Scheduled || !got.StartAt.Equal(at) {
		t.Errorf("%+v", got.Campaign)
	}
	for _, query := range []string{"at=2026-04-01T09:00:00Z", "at=tomorrow", "start=maybe", "start=true&at=2026-06-01T09:00:00Z",
		"late=15m", "at=2026-06-01T09:00:00Z&late=soon", "at=2026-06-01T09:00:00Z&late=-1h"} {
		wantProblem(t, f.do(uploadCall("/api/campaigns?"+query, "")), badRequest)
	}
}

// TestAStartThatComesTooLate waits for a person, who may resume it as any other.
func TestAStartThatComesTooLate(t *testing.T) {
	t.Parallel()
	now := clockAt(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	f := start(t, func(o *Options) { o.Now = now.now })
	got := decode[api.Created](t, f.do(uploadCall("/api/campaigns?at=2026-05-01T10:00:00Z&late=15m", "key")))
	id, err := campaign.ParseID(got.ID)
	if err != nil || got.State != campaign.Scheduled {
		t.Fatal(got.State, err)
	}
	now.pass(2 * time.Hour) // in which there was no scheduler
	if _, err := f.ledger.StartDue(t.Context(), id, now.now()); err != nil {
		t.Fatal(err)
	}
	got = decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", "key")))
	if got.State != campaign.Paused || !strings.Contains(got.Reason, "it was to start at 2026-05-01T10:00:00Z") {
		t.Errorf("%s: %s", got.State, got.Reason)
	}
	if c := decode[api.Campaign](t, f.post("/api/campaigns/"+got.ID+"/resume")); c.State != campaign.Running || !c.StartedAt.Equal(now.now()) {
		t.Errorf("resumed: %s since %s", c.State, c.StartedAt)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	first := decode[api.Created](t, f.do(uploadCall("/api/campaigns", "key")))
	answer := f.do(uploadCall("/api/campaigns", "key"))
	wantStatus(t, answer, http.StatusOK)
	again := decode[api.Created](t, answer)
	if again.ID != first.ID || answer.header.Get("Idempotency-Replayed") != "true" || len(again.Problems) != len(first.Problems) {
		t.Errorf("%s", answer.body)
	}
	// The first request may have died before it could start the campaign.
	again = decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", "key")))
	if again.ID != first.ID || again.State != campaign.Running {
		t.Errorf("%+v", again.Campaign)
	}
	wantStatus(t, f.post("/api/campaigns/"+first.ID+"/pause"), http.StatusOK)
	again = decode[api.Created](t, f.do(uploadCall("/api/campaigns?start=true", "key")))
	if again.State != campaign.Paused {
		t.Errorf("a repeated upload made a paused campaign %s", again.State)
	}
	wantProblem(t, f.do(multipartCall("/api/campaigns", "key", part{"campaign", twoSteps}, part{"contacts", fourContacts + "\n"})), keyReused)
	other := decode[api.Created](t, f.do(uploadCall("/api/campaigns", "")))
	if other.ID == first.ID {
		t.Error("without a key every upload is a new campaign")
	}
	f.importing("busy", uploadHash(twoSteps, fourContacts))
	answer = f.do(uploadCall("/api/campaigns", "busy"))
	wantProblem(t, answer, stillImporting)
	if answer.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	wantProblem(t, f.do(uploadCall("/api/campaigns", strings.Repeat("k", 300))), badRequest)
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	goodCampaign, goodList := part{"campaign", twoSteps}, part{"contacts", fourContacts}
	for _, c := range []struct {
		name   string
		parts  []part
		kind   api.Kind
		line   int
		detail string
	}{
		{"no parts", nil, badRequest, 0, ""},
		{"no list", []part{goodCampaign}, badRequest, 0, "contacts"},
		{"no campaign", []part{goodList}, badRequest, 0, "campaign"},
		{"two lists", []part{goodList, goodCampaign, goodList}, badRequest, 0, "contacts"},
		{"another part", []part{goodCampaign, goodList, {"spam", ""}}, badRequest, 0, "spam"},
		{"no YAML", []part{{"campaign", "{"}, goodList}, badCampaign, 1, ""},
		{"unknown key", []part{{"campaign", twoSteps + "speed: 3\n"}, goodList}, badCampaign, 12, "speed"},
		{"unknown channel", []part{{"campaign", strings.Replace(twoSteps, "main", "third", 1)}, goodList}, badCampaign, 0, "third"},
		{"unknown column", []part{{"campaign", strings.Replace(twoSteps, "{{Name}}", "{{Nme}}", 1)}, goodList}, badCampaign, 0, "Nme"},
		{"empty list", []part{goodCampaign, {"contacts", ""}}, badContacts, 0, ""},
		{"broken list", []part{goodCampaign, {"contacts", fourContacts + "+4915112345609,a,b,c\n"}}, badContacts, 6, "line 6"},
	} {
		p := wantProblem(t, f.do(multipartCall("/api/campaigns", "same-key", c.parts...)), c.kind)
		if p.Line != c.line || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s: line %d, detail %q", c.name, p.Line, p.Detail)
		}
	}
	if list := decode[api.Page[api.Campaign]](t, f.get("/api/campaigns")); len(list.Items) != 0 {
		t.Errorf("refused uploads left %+v", list.Items)
	}
	// No refused upload has used the key up.
	wantStatus(t, f.do(uploadCall("/api/campaigns", "same-key")), http.StatusCreated)

	broken := uploadCall("/api/campaigns", "")
	broken.body = strings.NewReader("--nothing of the kind")
	wantProblem(t, f.do(broken), badRequest)
	wantProblem(t, f.do(call{method: "POST", path: "/api/campaigns", body: strings.NewReader("name: x")}), wrongType)
}

func TestUploadsLeaveNoFiles(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	f := start(t, nil)
	f.upload()
	f.do(multipartCall("/api/campaigns", "", part{"contacts", fourContacts}, part{"spam", ""}))
	f.do(multipartCall("/api/campaigns", "", part{"contacts", fourContacts}, part{"campaign", "{"}))
	f.do(multipartCall("/api/campaigns", "", part{"contacts", "\"never closed"}, part{"campaign", twoSteps}))
	left, err := filepath.Glob(filepath.Join(temp, "carillon-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	var changed atomic.Int32
	f := start(t, func(o *Options) {
		o.Tokens = threeTokens()
		o.Changed = func() { changed.Add(1) }
	})
	c := uploadCall("/api/campaigns", "")
	c.token = operatorToken
	id := decode[api.Created](t, f.do(c)).ID
	for _, step := range []struct {
		action  string
		state   campaign.State // empty: a conflict
		reason  string
		changed int32
	}{
		{"pause", "", "", 0},
		{"start", campaign.Running, "started by otto", 1},
		{"pause", campaign.Paused, "paused by otto", 1},
		{"start", "", "", 1},
		{"resume", campaign.Running, "resumed by otto", 2},
		{"cancel", campaign.Cancelled, "cancelled by otto", 2},
		{"cancel", campaign.Cancelled, "cancelled by otto", 2},
		{"resume", "", "", 2},
	} {
		answer := f.do(call{method: "POST", path: "/api/campaigns/" + id + "/" + step.action, token: operatorToken})
		if step.state == "" {
			wantProblem(t, answer, wrongState)
		} else if got := decode[api.Campaign](t, answer); got.State != step.state || got.Reason != step.reason {
			t.Errorf("%s: %s, %s", step.action, got.State, got.Reason)
		}
		if n := changed.Load(); n != step.changed {
			t.Errorf("%s: told %d times, want %d", step.action, n, step.changed)
		}
	}
	for _, missing := range []string{"zzzzzzz", "nonsense", "0000000"} {
		wantProblem(t, f.do(call{method: "POST", path: "/api/campaigns/" + missing + "/start", token: adminToken}), notFound)
	}
}

func TestListCampaigns(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	var want, got []string
	for range 5 {
		want = append([]string{f.upload()}, want...)
	}
	query := "limit=2"
	for range 3 {
		list := decode[api.Page[api.Campaign]](t, f.get("/api/campaigns?"+query))
		for _, c := range list.Items {
			got = append(got, c.ID)
		}
		if list.Next == nil {
			break
		}
		query = "limit=2&cursor=" + *list.Next
	}
	byTime := func(ids []string) map[string]bool {
		set := map[string]bool{}
		for _, id := range ids {
			set[id] = true
		}
		return set
	}
	// Campaigns of one millisecond are in the order of their ids.
	if diff := cmp.Diff(byTime(want), byTime(got)); diff != "" || len(got) != len(want) {
		t.Errorf("%v: %s", got, diff)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=nonsense"} {
		wantProblem(t, f.get("/api/campaigns?"+query), badRequest)
	}
}

func FuzzUpload(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=campaign\r\n\r\nname: x\r\n--b--\r\n")
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=contacts\r\n\r\nPhone\r\n--b")
	f.Add("multipart/form-data", "")
	f.Add("text/plain", "x")
	f.Fuzz(func(t *testing.T, kind, body string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", kind)
		up, err := new(Server).receive(discardWriter{}, request)
		defer up.remove()
		if err == nil {
			err = up.complete("campaign", "contacts")
		}
		if err == nil {
			if up.hash() == "" || up.contacts == nil {
				t.Errorf("incomplete upload %+v is taken", up)
			}
			return
		}
		if p := problemOf(err); p.Status >= http.StatusInternalServerError {
			t.Errorf("%d: %v", p.Status, err)
		}
	})
}

// discardWriter answers nobody.
type discardWriter struct{}

func (discardWriter) Header() http.Header         { return http.Header{} }
func (discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (discardWriter) WriteHeader(int)             {}
