package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/admission"
	"carillon/campaign"
	"carillon/whatsapp"
)

// shelf are templates that a test changes.
type shelf struct {
	mu        sync.Mutex
	list      campaign.TemplateList
	refreshed int
	noticed   []string
}

func (s *shelf) Of(_ context.Context, channel string) (campaign.TemplateList, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	list.Channel = channel
	return list, nil
}

func (s *shelf) Refresh(ctx context.Context, channel string) (campaign.TemplateList, error) {
	s.mu.Lock()
	s.refreshed++
	s.mu.Unlock()
	return s.Of(ctx, channel)
}

func (s *shelf) Notice(_ context.Context, channel string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noticed = append(s.noticed, channel)
	return nil
}

// set gives the shelf one template with a status and a body.
func (s *shelf) set(status, body, trouble string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = campaign.TemplateList{Fetched: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Trouble: trouble, Templates: []campaign.Approved{{
		TemplateName: campaign.TemplateName{Name: "order_update", Language: "en_US"}, Category: campaign.Utility, Status: status,
		Components: json.RawMessage(`[{"type":"BODY","text":"` + body + `"}]`),
	}}}
}

func startWithShelf(t *testing.T) (*fixture, *shelf) {
	s := &shelf{}
	f := start(t, func(o *Options) {
		o.Templates = s
		o.Door = admission.Door{Rates: o.Door.Rates, Templates: s.Of}
	})
	return f, s
}

const templateCampaign = "name: n\nchannel: main\nsteps: [{template: order_update, language: en_US, body: [\"{{Name}}\"]}]\n"

func templateUpload() call {
	return multipartCall("/api/campaigns", "", part{"campaign", templateCampaign}, part{"contacts", "Name,Phone\nAna,+4915123018622\n"})
}

func TestTemplatesOfChannel(t *testing.T) {
	t.Parallel()
	f, s := startWithShelf(t)
	s.set("approved", "Hi {{1}}", "")
	const want = `{"channel":"main","fetched_at":"2026-03-02T10:00:00Z","trouble":"","items":[{"name":"order_update","language":"en_US","category":"utility","status":"approved","components":[{"type":"BODY","text":"Hi {{1}}"}]}]}`
	got := f.do(call{method: http.MethodGet, path: "/api/channels/main/templates"})
	if diff := cmp.Diff(want, strings.TrimSpace(got.body)); diff != "" || got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, diff)
	}
	if got := f.do(call{method: http.MethodPost, path: "/api/channels/main/templates/refresh"}); got.status != http.StatusOK || s.refreshed != 1 {
		t.Errorf("%+v, refreshed %d times", got, s.refreshed)
	}
	if got := f.do(call{method: http.MethodGet, path: "/api/templates"}); strings.Count(got.body, `"channel"`) != 2 {
		t.Errorf("%+v", got)
	}
	got = f.do(call{method: http.MethodGet, path: "/api/channels/nowhere/templates"})
	if got.status != http.StatusNotFound || !strings.Contains(got.body, "the channels are: main, second") {
		t.Errorf("%+v", got)
	}
	s.list = campaign.TemplateList{Trouble: "its waba_id is not set"}
	got = f.do(call{method: http.MethodGet, path: "/api/channels/main/templates"})
	if want := `{"channel":"main","fetched_at":null,"trouble":"its waba_id is not set","items":[]}`; strings.TrimSpace(got.body) != want {
		t.Errorf("%+v", got)
	}
}

func TestServerWithoutTemplates(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	if got := f.do(call{method: http.MethodGet, path: "/api/channels/main/templates"}); !strings.Contains(got.body, `"fetched_at":null`) {
		t.Errorf("%+v", got)
	}
}

// TestCampaignAgainstTemplates refuses what does not fit when it comes in, and again
// when it is started.
func TestCampaignAgainstTemplates(t *testing.T) {
	t.Parallel()
	f, s := startWithShelf(t)
	s.set("approved", "Hi", "")
	got := f.do(templateUpload())
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"path":"steps[0].body","detail":"gives 1 value, but the body of order_update (en_US) expects no value (channel \"main\")"`) {
		t.Fatalf("%+v", got)
	}
	s.set("approved", "Hi {{1}}", "no answer")
	got = f.do(templateUpload())
	if got.status != http.StatusCreated || !strings.Contains(got.body, `ago: no answer"]`) {
		t.Fatalf("%+v", got)
	}
	var created struct{ ID string }
	if err := json.Unmarshal([]byte(got.body), &created); err != nil {
		t.Fatal(err)
	}
	begin := call{method: http.MethodPost, path: "/api/campaigns/" + created.ID + "/start"}
	s.set("paused", "Hi {{1}}", "")
	if got := f.do(begin); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "order_update (en_US) is paused") {
		t.Fatalf("%+v", got)
	}
	s.set("approved", "Hi {{1}}", "no answer")
	if got := f.do(begin); got.status != http.StatusOK || !strings.Contains(got.body, `"state":"running"`) || !strings.Contains(got.body, `"notes":["channel \"main\": the templates were checked against the list of`) {
		t.Fatalf("%+v", got)
	}
	s.set("paused", "Hi {{1}}", "")
	if got := f.do(begin); got.status != http.StatusOK { // it runs already
		t.Errorf("%+v", got)
	}
}

func TestScheduleAgainstTemplates(t *testing.T) {
	t.Parallel()
	f, s := startWithShelf(t)
	s.set("rejected", "Hi {{1}}", "")
	got := f.addSchedule(map[string]any{"campaign": templateCampaign})
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "order_update (en_US) is rejected") {
		t.Errorf("%+v", got)
	}
}

func TestNoticeOfTemplate(t *testing.T) {
	t.Parallel()
	f, s := startWithShelf(t)
	f.webhook("word", eventsBody(whatsapp.Events{Notices: []whatsapp.Notice{
		{Number: "1002", Template: "order_update", Language: "en_US", Reason: "template_usable"}, {Number: "1001", Reason: "number_ready"},
	}}))
	if diff := cmp.Diff([]string{"second"}, s.noticed); diff != "" {
		t.Error(diff)
	}
}
