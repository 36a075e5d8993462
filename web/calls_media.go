package web

import (
	"context"

	"carillon/api"
	"carillon/ledger"
)

// media are the first files of a campaign, and where they stand at the providers of
// its channels; nil where it has none.
func (s *Server) media(ctx context.Context, c ledger.Campaign) ([]api.Media, error) {
	const most = 100
	var media []api.Media
	for _, channel := range c.Definition.AllChannels() {
		found, err := s.ledger.Attachments(ctx, c.ID, channel, most)
		if err != nil {
			return nil, err
		}
		for i, a := range found {
			if i == len(media) {
				media = append(media, api.Media{Name: a.Name, Type: a.Type, Size: a.Size})
			}
			upload := api.MediaUpload{Channel: channel, Uploading: a.Busy, Tries: a.Tries, Trouble: a.Trouble}
			if a.ID != "" {
				upload.Until = moment(a.Until)
			}
			media[i].Uploads = append(media[i].Uploads, upload)
		}
	}
	return media, nil
}
