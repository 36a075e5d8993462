package api

import "time"

// AgentCLI is what the User-Agent of our own commands begins with, before a slash and
// the version. The audit log takes their word for it.
const AgentCLI = "carillon"

// Deed is an entry of the audit log: something that was done.
type Deed struct {
	At time.Time `json:"at"`
	// Who is the name of the token, or what Carillon did by itself goes by.
	Who string `json:"who"`
	// Way is page, cli or api; own is Carillon by itself.
	Way    string `json:"way"`
	Action string `json:"action"`
	// CampaignID is the campaign that it was done to, null for none. Schedule and
	// Person are empty for none; of a person's key it has as much as a log may.
	CampaignID *string `json:"campaign_id"`
	Schedule   string  `json:"schedule"`
	Person     string  `json:"person"`
	// Count is how many people it was done to, where it was not one; 0 where that
	// is not counted.
	Count  int64  `json:"count"`
	Detail string `json:"detail"`
}
