package service4u

import (
	"context"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// examiner asks Service4U about a channel. Its documentation has no request but that
// for a message.
type examiner struct{ sender *cloud.Sender }

// Examine asks whether the token is accepted.
func (x examiner) Examine(ctx context.Context, _ string) (e whatsapp.Examination) {
	x.sender.AskEmpty(ctx, &e)
	return e
}
