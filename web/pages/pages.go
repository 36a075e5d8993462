// Package pages is what a browser is shown: the pages for the people who send and
// for those on call.
//
// A page does nothing that the HTTP API cannot do, for it asks that API, in this
// process, in the name of whoever looks at it. Pages are rendered here and work
// without scripts; a small one of our own makes them live. Nothing is loaded from
// elsewhere.
//
// Who may see a page, headers, and pages of other sites are the shell's business,
// package web.
package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"carillon/api"
)

// Policy is what a browser may do with a page: show it, and load and send nothing
// but from and to this server.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

//go:embed html
var html embed.FS

// Visitor is who looks at a page.
type Visitor struct {
	// Name is that of the token. It is empty before the login.
	Name string
	// Operates and Administers say what the visitor may do besides looking.
	Operates, Administers bool
	// Anonymous says that the server has no tokens, so that nobody logs in or out.
	Anonymous bool
}

// Role is the least that a visitor has to be.
type Role int8

// The roles of visitors.
const (
	Viewer Role = iota
	Operator
	Admin
)

// Page is one address.
type Page struct {
	// Pattern is as http.ServeMux has it.
	Pattern string
	Needs   Role
	// Long says that a file comes along, which may take its time.
	Long bool
	// Show answers, or returns why it did not: an *api.Problem, or trouble of our own.
	Show func(w http.ResponseWriter, r *http.Request, v Visitor) error
}

// Pages are all of them.
type Pages struct {
	api http.Handler
	now func() time.Time
	// views are parsed for the first visitor. Many a server has none, and they take
	// half a megabyte.
	views func() *template.Template
}

// New makes the pages of an API, which is asked with the context, the cookies and
// the origin of the request for the page.
func New(api http.Handler, now func() time.Time) *Pages {
	return &Pages{api: api, now: now, views: sync.OnceValue(func() *template.Template {
		return template.Must(template.New("").Funcs(functions()).ParseFS(html, "html/*.html"))
	})}
}

// List is every page but the login.
func (p *Pages) List() []Page {
	return []Page{
		{Pattern: "GET /{$}", Needs: Viewer, Show: p.campaigns},
		{Pattern: "GET /campaigns/{id}", Needs: Viewer, Show: p.campaign},
		{Pattern: "GET /campaigns/{id}/people", Needs: Viewer, Show: p.people},
		{Pattern: "GET /campaigns/{id}/people/{row}", Needs: Viewer, Show: p.person},
		{Pattern: "GET /campaigns/{id}/{action}", Needs: Operator, Show: p.confirm},
		{Pattern: "POST /campaigns/{id}/{action}", Needs: Operator, Show: p.act},
		{Pattern: "GET /new", Needs: Operator, Show: p.newCampaign},
		{Pattern: "POST /new", Needs: Operator, Long: true, Show: p.takeList},
		{Pattern: "GET /new/{upload}", Needs: Operator, Show: p.showList},
		{Pattern: "GET /new/{upload}/campaign", Needs: Operator, Show: p.newDraft},
		{Pattern: "POST /new/{upload}/campaign", Needs: Operator, Show: p.editDraft},
		{Pattern: "POST /new/{upload}/media", Needs: Operator, Long: true, Show: p.addMedia},
		{Pattern: "POST /new/{upload}/preview", Needs: Operator, Show: p.preview},
		{Pattern: "POST /new/{upload}/test", Needs: Operator, Show: p.testNew},
		{Pattern: "POST /new/{upload}/confirm", Needs: Operator, Show: p.confirmNew},
		{Pattern: "POST /new/{upload}/schedule", Needs: Admin, Show: p.scheduleNew},
		{Pattern: "POST /new/{upload}/launch", Needs: Operator, Show: p.launchNew},
		{Pattern: "GET /new/{upload}/{step}", Needs: Operator, Show: p.backToList},
		{Pattern: "GET /channels", Needs: Viewer, Show: p.channels},
		{Pattern: "GET /channels/{name}", Needs: Viewer, Show: p.channel},
		{Pattern: "GET /templates", Needs: Viewer, Show: p.templates},
		{Pattern: "GET /templates/{channel}/{name}/{language}", Needs: Viewer, Show: p.template},
		{Pattern: "POST /templates/{channel}/refresh", Needs: Operator, Show: p.refreshTemplates},
		{Pattern: "GET /schedules", Needs: Viewer, Show: p.schedules},
		{Pattern: "GET /schedules/{name}", Needs: Viewer, Show: p.schedule},
		{Pattern: "GET /schedules/{name}/{action}", Needs: Admin, Show: p.askSchedule},
		{Pattern: "POST /schedules/{name}/{action}", Needs: Admin, Show: p.actSchedule},
		{Pattern: "GET /audit", Needs: Viewer, Show: p.audit},
		{Pattern: "GET /suppressions", Needs: Viewer, Show: p.suppressions},
		{Pattern: "POST /suppressions", Needs: Admin, Show: p.suppress},
		{Pattern: "POST /suppressions/import", Needs: Admin, Long: true, Show: p.importSuppressions},
		{Pattern: "GET /suppressions/remove", Needs: Admin, Show: p.askUnsuppress},
		{Pattern: "POST /suppressions/remove", Needs: Admin, Show: p.unsuppress},
	}
}

// frame is what every page shows around its own.
type frame struct {
	Visitor Visitor
	// Here is the place in the navigation.
	Here string
	// Live is the address of the events that keep the page up to date; empty for none.
	Live string
	Data any
}

// show renders a page.
func (p *Pages) show(w http.ResponseWriter, status int, view string, f frame) error {
	var body bytes.Buffer
	if err := p.views().ExecuteTemplate(&body, view+".html", f); err != nil {
		return fmt.Errorf("page %s: %w", view, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", Policy)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a visitor who has gone need not be told
	return nil
}

// Problem shows what went wrong in the place of a page.
func (p *Pages) Problem(w http.ResponseWriter, v Visitor, problem *api.Problem) error {
	return p.show(w, problem.Status, "problem", frame{Visitor: v, Data: problem})
}

// AsProblem is the problem that kept a page from being shown, where the API told it.
func AsProblem(err error) (*api.Problem, bool) {
	var told *api.Problem
	return told, errors.As(err, &told)
}

// SeeOther sends a browser elsewhere on this server.
func SeeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}
