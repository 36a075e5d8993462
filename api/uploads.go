package api

import (
	"time"

	"carillon/campaign"
)

// Upload is a list that is kept for a campaign which is not written yet.
type Upload struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Size is in bytes.
	Size      int64     `json:"size"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	// Layout says how the list is read, Columns are all of its columns with samples;
	// missing where it has just come in.
	Layout  *campaign.Layout       `json:"layout,omitempty"`
	Columns []campaign.TakenColumn `json:"columns,omitempty"`
}
