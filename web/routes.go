package web

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"carillon/campaign"
	"carillon/web/pages"
)

//go:embed openapi.yaml
var openAPI []byte

// handler answers a request, or returns why it did not. It must not return an
// error once it has begun to answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// route is one call of the API.
type route struct {
	method, path string
	// role is the least role a caller needs; empty opens the route to all.
	role   Role
	handle handler
}

func (r route) pattern() string { return r.method + " " + r.path }

// probes are the calls that say how the process does.
func (s *Server) probes() []route {
	return []route{
		{"GET", "/healthz", "", s.health},
		{"GET", "/readyz", "", s.readiness},
		{"GET", "/metrics", Viewer, s.metrics.serve},
	}
}

// routes is every call there is, but for asynqmon's own.
func (s *Server) routes() []route {
	return append(s.probes(), []route{
		{"GET", "/api/openapi.yaml", "", serveOpenAPI},
		{"GET", "/login", "", s.loginPage},
		{"POST", "/login", "", s.login},
		{"POST", "/logout", "", s.logout},

		{"GET", "/api/campaigns", Viewer, s.listCampaigns},
		{"POST", "/api/campaigns", Operator, s.createCampaign},
		{"GET", "/api/campaigns/{id}", Viewer, s.showCampaign},
		{"POST", "/api/campaigns/{id}/start", Operator, s.start},
		{"POST", "/api/campaigns/{id}/pause", Operator, s.act(campaign.Pause)},
		{"POST", "/api/campaigns/{id}/resume", Operator, s.act(campaign.Resume)},
		{"POST", "/api/campaigns/{id}/cancel", Operator, s.act(campaign.Cancel)},
		{"POST", "/api/campaigns/{id}/retry", Operator, s.retry},
		{"POST", "/api/campaigns/{id}/resolve", Admin, s.resolve},
		{"GET", "/api/campaigns/{id}/definition", Viewer, s.showDefinition},
		{"GET", "/api/campaigns/{id}/rates", Viewer, s.rates},
		{"GET", "/api/campaigns/{id}/recipients", Viewer, s.listRecipients},
		{"GET", "/api/campaigns/{id}/recipients/{row}", Viewer, s.history},
		{"GET", "/api/campaigns/{id}/report.csv", Viewer, s.report},
		{"GET", "/api/campaigns/{id}/events", Viewer, s.events},

		{"GET", "/api/channels", Viewer, s.listChannels},
		{"GET", "/api/channels/{name}", Viewer, s.showChannel},
		{"GET", "/api/templates", Viewer, s.allTemplates},
		{"GET", "/api/channels/{channel}/templates", Viewer, s.templates(Templates.Of)},
		{"POST", "/api/channels/{channel}/templates/refresh", Operator, s.templates(Templates.Refresh)},
		{"POST", "/api/check", Operator, s.check},
		{"POST", "/api/check/bad-rows.csv", Operator, s.badRows},
		{"POST", "/api/sample.csv", Operator, s.sample},
		{"POST", "/api/uploads", Operator, s.addUpload},
		{"GET", "/api/uploads/{id}", Operator, s.showUpload},

		{"GET", "/api/suppressions", Viewer, s.listSuppressions},
		{"POST", "/api/suppressions", Admin, s.addSuppressions},
		{"DELETE", "/api/suppressions", Admin, s.removeSuppression},

		{"POST", "/api/forget", Admin, s.forget},

		{"GET", "/api/audit", Viewer, s.audit},

		{"GET", "/api/schedules", Viewer, s.listSchedules},
		{"POST", "/api/schedules", Admin, s.addSchedule},
		{"GET", "/api/schedules/{name}", Viewer, s.showSchedule},
		{"DELETE", "/api/schedules/{name}", Admin, s.removeSchedule},
		{"POST", "/api/schedules/{name}/pause", Admin, s.pauseSchedule},
		{"POST", "/api/schedules/{name}/resume", Admin, s.resumeSchedule},
		{"POST", "/api/schedules/{name}/run", Admin, s.runSchedule},
		{"GET", "/api/schedules/{name}/slots", Viewer, s.listSlots},

		{"GET", "/webhooks/{channel}", "", s.webhook},
		{"POST", "/webhooks/{channel}", "", s.webhook},
	}...)
}

// handle takes the routes into mux.
func (s *Server) handle(mux *http.ServeMux, routes []route) {
	methods := map[string][]string{}
	for _, r := range routes {
		mux.Handle(r.pattern(), s.guarded(r.role, r.handle))
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		mux.Handle(path, s.guarded("", wrongMethod(allowed)))
	}
}

// mount is every route, the pages, and what is said of paths that are none.
func (s *Server) mount() *http.ServeMux {
	mux := http.NewServeMux()
	s.pages = pages.New(mux, s.now)
	s.handle(mux, s.routes())
	for _, page := range s.pages.List() {
		mux.Handle(page.Pattern, s.page(page))
	}
	mux.Handle("GET /assets/", pages.Assets())
	if s.asynqmon != nil {
		mux.Handle("/asynqmon/", s.monitor())
	}
	mux.Handle("/", s.elsewhere())
	return mux
}

func wrongMethod(allowed []string) handler {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	list := strings.Join(allowed, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", list)
		return refuse(wrongMethodKind, "use one of "+list, "%s does not accept %s", r.URL.Path, r.Method)
	}
}

func noRoute(_ http.ResponseWriter, r *http.Request) error {
	return refuse(notFound, "/api/openapi.yaml lists the calls", "there is nothing at %s", r.URL.Path)
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI) // a caller who has gone need not be told
	return nil
}

// answer writes a JSON document.
func answer(w http.ResponseWriter, status int, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a caller who has gone need not be told
	return nil
}
