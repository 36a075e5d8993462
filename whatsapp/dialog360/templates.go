package dialog360

import (
	"net/url"
	"strconv"

	"carillon/whatsapp/cloud"
	"carillon/whatsapp/wire"
)

// listPath is where 360dialog lists templates, below the address of the host for the
// Cloud API and below that with the version for the v1 API.
const listPath = "configs/templates"

// pages are those of 360dialog, counted by what was skipped (360dialog, retrieve
// templates).
type pages struct{}

var _ cloud.Pages = pages{}

func (pages) First(size int) url.Values {
	return url.Values{"limit": {strconv.Itoa(size)}, "offset": {"0"}}
}

// Read reads a page. The list has ended where all that it has were told, or where a
// page without that number is not full.
func (pages) Read(body []byte, query url.Values) (templates []cloud.ListedTemplate, next url.Values, ok bool) {
	var told struct {
		Templates []cloud.ListedTemplate `json:"waba_templates"`
		Total     wire.Text              `json:"total"`
	}
	if wire.Decode(body, &told) != nil || told.Templates == nil {
		return nil, nil, false
	}
	n := len(told.Templates)
	size, _ := strconv.Atoi(query.Get("limit")) // of our own making, as is the offset
	offset, _ := strconv.Atoi(query.Get("offset"))
	total, err := strconv.Atoi(string(told.Total))
	if n == 0 || err == nil && offset+n >= total || err != nil && n < size {
		return told.Templates, nil, true
	}
	return told.Templates, url.Values{"offset": {strconv.Itoa(offset + n)}}, true
}
