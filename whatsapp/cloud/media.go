package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"time"

	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/wire"
)

// MediaLife is how long an uploaded file is kept (Meta, media page).
const MediaLife = 30 * 24 * time.Hour

// MediaClient is a Client whose number keeps files.
type MediaClient struct {
	*Client
	prototype *http.Request // of uploads; it is only read
}

var (
	_ whatsapp.Provider = (*MediaClient)(nil)
	_ whatsapp.Media    = (*MediaClient)(nil)
)

// WithMedia is the client with uploads, to an address beside that for messages.
func (c *Client) WithMedia() *MediaClient {
	prototype := c.messages.prototype.Clone(context.Background())
	prototype.URL = prototype.URL.JoinPath("../media")
	return &MediaClient{c, prototype}
}

// Upload makes one request (Meta, media page).
func (c *MediaClient) Upload(ctx context.Context, u whatsapp.Upload) (id string, until time.Time, err error) {
	before, after, kind, err := mediaForm(u)
	if err != nil {
		return "", until, &whatsapp.Error{Class: whatsapp.BadRequest, Reason: "invalid_parameter", Hint: fixMedia, Cause: err}
	}
	prototype := c.prototype.Clone(ctx)
	prototype.Header.Set("Content-Type", kind)
	body := io.MultiReader(bytes.NewReader(before), u.Content, bytes.NewReader(after))
	now := c.now()
	answer, refusal := c.call.Stream(ctx, prototype, body, int64(len(before))+u.Size+int64(len(after)))
	if refusal != nil {
		return "", until, refusal
	}
	return ReadUpload(answer, c.messages.reader, now)
}

// ReadUpload reads the answer to an upload that was begun at a time. A yes without
// an identifier is no success.
func ReadUpload(answer *call.Answer, reader *Reader, begun time.Time) (id string, until time.Time, err error) {
	var told struct {
		ID    wire.Text `json:"id"`
		Media []struct {
			ID wire.Text `json:"id"`
		} `json:"media"` // of the on-premises API
	}
	if answer.OK() && answer.Broken == nil && wire.Decode(answer.Body, &told) == nil {
		if len(told.Media) > 0 {
			told.ID = told.Media[0].ID
		}
		if told.ID != "" {
			return string(told.ID), begun.Add(MediaLife), nil
		}
	}
	_, refusal := reader.Answer(answer, begun)
	if refusal == nil { // it took a file for a message
		refusal = reader.book.Others.NoMessageID.Because(errors.New("the answer to an upload names a message"))
	}
	return "", until, refusal
}

// mediaForm is what stands before and after the file in the request's body, and
// the body's type.
func mediaForm(u whatsapp.Upload) (before, after []byte, kind string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"messaging_product", "whatsapp"}, {"type", u.Type}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return nil, nil, "", err
		}
	}
	header := textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", u.Name)}, "Content-Type": {u.Type},
	}
	if _, err := form.CreatePart(header); err != nil {
		return nil, nil, "", err
	}
	before = bytes.Clone(body.Bytes())
	body.Reset()
	if err := form.Close(); err != nil {
		return nil, nil, "", err
	}
	return before, body.Bytes(), form.FormDataContentType(), nil
}
