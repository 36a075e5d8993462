package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/api"
)

// TestTheAuditLogSaysByWhatWay: a page is known by itself, whatever a caller from
// outside says; our command's word is taken.
func TestTheAuditLogSaysByWhatWay(t *testing.T) {
	t.Parallel()
	b, id := pagesOf(t, operatorToken)
	if answer := b.ask(http.MethodPost, "/campaigns/"+id+"/start", nil, map[string]string{"User-Agent": "carillon/v1"}); answer.status != http.StatusSeeOther {
		t.Fatalf("start: %d %s", answer.status, answer.body)
	}
	forged := map[string]string{"User-Agent": "page", "Way": "page", "X-Carillon-Way": "page", "Cookie": b.cookie.String()}
	asCommand := map[string]string{"User-Agent": "carillon/v1.2.3"}
	wantStatus(t, b.f.do(call{method: "POST", path: "/api/campaigns/" + id + "/pause", token: operatorToken, header: asCommand}), http.StatusOK)
	wantStatus(t, b.f.do(call{method: "POST", path: "/api/campaigns/" + id + "/resume", token: operatorToken, header: forged}), http.StatusOK)
	log := decode[api.Page[api.Deed]](t, b.f.do(call{method: "GET", path: "/api/audit?campaign=" + id, token: viewerToken}))
	got := map[string]string{}
	for _, d := range log.Items {
		got[d.Action] = d.Who + " " + d.Way
	}
	if diff := cmp.Diff(map[string]string{"create": "otto api", "start": "otto page", "pause": "otto cli", "resume": "otto api"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPagesOfTheAuditLog(t *testing.T) {
	t.Parallel()
	f := start(t, func(o *Options) { o.Tokens = threeTokens() })
	for range 51 {
		c := uploadCall("/api/campaigns", "")
		c.token = operatorToken
		wantStatus(t, f.do(c), http.StatusCreated)
	}
	b := browser{t, f, f.logIn(viewerToken)}
	first := b.get("/audit")
	b.wants(first, http.StatusOK, "order-update", "created", "by the API", "Older")
	older := between(t, first.body, `href="/audit?`, `"`)
	second := b.get("/audit?" + strings.ReplaceAll(older, "&amp;", "&"))
	b.wants(second, http.StatusOK, "Newest")
	if n := strings.Count(second.body, "<th scope=\"row\">"); n != 1 {
		t.Errorf("the second page has %d deeds", n)
	}
	id := between(t, second.body, `href="/campaigns/`, `"`)
	b.wants(b.get("/campaigns/"+id), http.StatusOK, "Who did what", "/audit?campaign="+id)
	b.wants(b.get("/audit?campaign="+id), http.StatusOK, "Audit log of", "created")
	b.wants(b.get("/audit?campaign=nobody!"), http.StatusBadRequest, "campaign&#39;s id")
	b.wants(b.get("/audit?before=x"), http.StatusBadRequest, "cursor")
}

// between is what stands in a text between two others, at its first place.
func between(t *testing.T, text, before, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, before)
	inside, _, ends := strings.Cut(rest, after)
	if !found || !ends {
		t.Fatalf("nothing stands between %q and %q in:\n%s", before, after, text)
	}
	return inside
}
