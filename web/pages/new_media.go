package pages

import "net/http"

// addMedia keeps a file for the messages, and shows the campaign again with whatever
// was filled in beside it.
func (p *Pages) addMedia(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	kept, form, err := takeFile(r, c, "file")
	if err != nil {
		return err
	}
	draft := draftOf(r, form.Get("campaign"), "")
	draft.Media = append(draft.Media, keptFile{kept.ID, kept.Name})
	if draft.Text, err = fillIn(r.Context(), c, draft.Text, form); err != nil {
		return err
	}
	return p.showForm(w, r, v, c, draftView{sentDraft: draft})
}
