package dialog360

import (
	"context"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

var _ whatsapp.Media = (*v1Client)(nil)

// Upload makes one request, whose body is the file (360dialog, upload media). The
// client tells no end of a file; it is taken to be Meta's.
func (c *v1Client) Upload(ctx context.Context, u whatsapp.Upload) (id string, until time.Time, err error) {
	prototype := c.media.Clone(ctx)
	prototype.Header.Set("Content-Type", u.Type)
	now := c.now()
	answer, refusal := c.call.Stream(ctx, prototype, u.Content, u.Size)
	if refusal != nil {
		return "", until, refusal
	}
	return cloud.ReadUpload(answer, c.reader, now)
}
