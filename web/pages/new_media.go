package pages

import "net/http"

// addMedia keeps a file for the messages, and shows the campaign again.
func (p *Pages) addMedia(w http.ResponseWriter, r *http.Request, v Visitor) error {
	c, err := p.client(r)
	if err != nil {
		return err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return badForm()
	}
	var text string
	for {
		part, err := parts.NextPart()
		if err != nil {
			return badForm()
		}
		switch part.FormName() {
		case "campaign":
			if text, err = longField(part); err != nil {
				return err
			}
		case "file": // the form has it last
			kept, err := c.KeepList(r.Context(), part.FileName(), part)
			if err != nil {
				return err
			}
			draft := draftOf(r, text, "")
			draft.Media = append(draft.Media, keptFile{kept.ID, kept.Name})
			return p.showForm(w, r, v, c, draftView{sentDraft: draft})
		}
	}
}
