package pages

import (
	"net/http"
	"strings"

	"carillon/api"
	"carillon/client"
)

// suppressionsView is the list of opt-outs.
type suppressionsView struct {
	Items  []api.Suppression
	Search string
	Next   string
	// Continued says that it follows another page.
	Continued bool
	// Done says what became of a file or a form that was just sent; nil for none.
	Done *api.Suppressed
}

// suppressions shows who has opted out.
func (p *Pages) suppressions(w http.ResponseWriter, r *http.Request, v Visitor) error {
	api, err := p.client(r)
	if err != nil {
		return err
	}
	return p.showSuppressions(w, r, v, api, nil)
}

func (p *Pages) showSuppressions(w http.ResponseWriter, r *http.Request, v Visitor, c *client.Client, done *api.Suppressed) error {
	asked := r.URL.Query()
	view := suppressionsView{Search: strings.TrimSpace(asked.Get("q")), Continued: asked.Get("after") != "", Done: done}
	page, err := c.SuppressionsPage(r.Context(), asked.Get("after"), view.Search)
	if err != nil {
		return err
	}
	view.Items = page.Items
	if page.Next != nil {
		view.Next = "/suppressions?" + query("after", *page.Next, "q", view.Search)
	}
	return p.show(w, http.StatusOK, "suppressions", frame{Visitor: v, Here: "suppressions", Data: view})
}

// suppress takes one opt-out from a form.
func (p *Pages) suppress(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	one := api.NewSuppression{Phone: r.PostForm.Get("phone"), Scope: r.PostForm.Get("scope"), Reason: r.PostForm.Get("reason")}
	done, err := c.Suppress(r.Context(), []api.NewSuppression{one})
	if err != nil {
		return err
	}
	return p.showSuppressions(w, r, v, c, &done)
}

// importSuppressions takes a file of opt-outs, which is handed on as it comes.
func (p *Pages) importSuppressions(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return badForm()
	}
	var options client.SuppressOptions
	for {
		part, err := parts.NextPart()
		if err != nil {
			return badForm()
		}
		switch part.FormName() {
		case "scope":
			options.Scope, err = field(part)
		case "reason":
			options.Reason, err = field(part)
		case "list": // the form has it last
			done, err := c.SuppressList(r.Context(), part, options)
			if err != nil {
				return err
			}
			return p.showSuppressions(w, r, v, c, &done)
		}
		if err != nil {
			return err
		}
	}
}

// askUnsuppress says what taking an opt-out back means.
func (p *Pages) askUnsuppress(w http.ResponseWriter, r *http.Request, v Visitor) error {
	asked := r.URL.Query()
	return p.ask(w, v, "suppressions", question{
		Label: "Remove the opt-out of", About: asked.Get("phone"), Grave: true, Back: "/suppressions",
		Effects: []string{"Campaigns may write to this person again (" + asked.Get("scope") + ").", "Do this only if they have asked for it."},
	})
}

// unsuppress takes an opt-out back.
func (p *Pages) unsuppress(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	asked := r.URL.Query()
	if err := c.Unsuppress(r.Context(), asked.Get("phone"), asked.Get("scope")); err != nil {
		return err
	}
	SeeOther(w, "/suppressions")
	return nil
}
