package pages

import "net/http"

// addMedia keeps a file for the messages, and shows the campaign again.
func (p *Pages) addMedia(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	kept, text, err := takeFile(r, c, "file")
	if err != nil {
		return err
	}
	draft := draftOf(r, text, "")
	draft.Media = append(draft.Media, keptFile{kept.ID, kept.Name})
	return p.showForm(w, r, v, c, draftView{sentDraft: draft})
}
