package doctor

import (
	"context"
	"errors"
	"testing"

	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp"
)

// librarian is a provider that is well, and tells these templates.
type librarian struct {
	whatsapp.Provider
	token     whatsapp.Health
	templates []campaign.Approved
	err       error
}

func (l librarian) Examine(context.Context, string) (e whatsapp.Examination) {
	e.Findings = []whatsapp.Finding{{About: "token", State: l.token, Found: "looked at"}}
	return e
}

func (l librarian) Templates(context.Context) ([]campaign.Approved, error) { return l.templates, l.err }

func TestTemplatesAreLookedAt(t *testing.T) {
	t.Parallel()
	d := doctor{config: configs.Default()}
	for name, test := range map[string]struct {
		provider whatsapp.Provider
		want     []whatsapp.Health
	}{
		"some":          {librarian{token: whatsapp.Well, templates: make([]campaign.Approved, 3)}, []whatsapp.Health{whatsapp.Well, whatsapp.Well}},
		"none":          {librarian{token: whatsapp.Well}, []whatsapp.Health{whatsapp.Well, whatsapp.Doubtful}},
		"refused":       {librarian{token: whatsapp.Well, err: &whatsapp.Error{Class: whatsapp.Pause, HTTPStatus: 403, Hint: "ask"}}, []whatsapp.Health{whatsapp.Well, whatsapp.Ill}},
		"not told":      {librarian{token: whatsapp.Well, err: errors.New("broken")}, []whatsapp.Health{whatsapp.Well, whatsapp.Doubtful}},
		"a wrong token": {librarian{token: whatsapp.Ill, err: errors.New("would be refused as well")}, []whatsapp.Health{whatsapp.Ill}},
		"cannot be":     {struct{ whatsapp.Provider }{}, []whatsapp.Health{whatsapp.Doubtful}},
	} {
		t.Run(name, func(t *testing.T) {
			found := d.examine(t.Context(), test.provider).Findings
			if len(found) != len(test.want) {
				t.Fatalf("got %+v, want %v", found, test.want)
			}
			for i, f := range found {
				if f.State != test.want[i] {
					t.Errorf("got %+v, want %s", f, test.want[i])
				}
			}
		})
	}
}
