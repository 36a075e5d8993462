package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
	"carillon/campaign"
)

// Check is what to check.
type Check struct {
	// Campaign is looked at together with the list; the zero value for the list alone,
	// which is then read as Options say.
	Campaign File
	Options  campaign.ContactOptions
	// Contacts is the list, Kept the id of one that was uploaded before.
	Contacts File
	Kept     string
	// KeptMedia are the ids of files that were uploaded before, which messages have under
	// their names.
	KeptMedia []string
	// Rows are shown beside the first recipients.
	Rows []int
	// Quick looks at the first rows alone.
	Quick bool
}

// Check asks what a campaign would do with a list. Nothing is kept, and nothing sent.
// What is wrong with the files is an *api.Problem of the kinds api.BadCampaign and
// api.BadContacts.
func (c *Client) Check(ctx context.Context, asked Check) (api.Checked, error) {
	query := optionsQuery(asked.Options)
	setIf(query, "upload", asked.Kept)
	query["media"] = asked.KeptMedia
	for _, row := range asked.Rows {
		query.Add("row", strconv.Itoa(row))
	}
	if asked.Quick {
		query.Set("quick", "true")
	}
	var done api.Checked
	return done, c.sendParts(ctx, "/api/check?"+query.Encode(), "", map[string]File{"campaign": asked.Campaign, "contacts": asked.Contacts}, &done)
}

// optionsQuery are the parameters that say how a list is read.
func optionsQuery(o campaign.ContactOptions) url.Values {
	query := url.Values{}
	for key, value := range map[string]string{
		"phone": o.Phone, "name": o.FullName, "language": o.Language, "default_region": o.DefaultRegion,
		"encoding": o.Encoding, "delimiter": o.Delimiter, "sheet": o.Sheet,
	} {
		setIf(query, key, value)
	}
	if o.IncludeHidden {
		query.Set("include_hidden", "true")
	}
	return query
}

// KeepFile uploads a list, or a file for messages, of a campaign that is not written
// yet. The server keeps it for a day.
func (c *Client) KeepFile(ctx context.Context, name string, content io.Reader) (api.Upload, error) {
	var kept api.Upload
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/uploads?"+url.Values{"name": {name}}.Encode(), content)
	if err != nil {
		return kept, err
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	return kept, c.upload(request, &kept)
}

// KeptList says how a list that is kept is read.
func (c *Client) KeptList(ctx context.Context, id string, o campaign.ContactOptions) (api.Upload, error) {
	var kept api.Upload
	return kept, c.call(ctx, http.MethodGet, "/api/uploads/"+url.PathEscape(id)+"?"+optionsQuery(o).Encode(), nil, &kept)
}
