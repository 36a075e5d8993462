package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/call"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/wire"
)

const (
	// pageOfTemplates is how many templates are asked for at once. One has a few
	// kilobytes, and an answer of which more than call.MaxAnswer comes cannot be read.
	pageOfTemplates = 100
	// mostPages bounds a list: an account has 6,000 templates at most, each in several
	// languages (Meta, template limits).
	mostPages = 1000
)

// Library lists the templates of an account. Its methods may be called concurrently.
type Library struct {
	prototype *http.Request // what all requests share; it is only read
	pages     Pages
	reader    *Reader
	call      *call.Client
	now       func() time.Time
}

var _ whatsapp.Library = (*Library)(nil)

// Pages is how a service parts its list into pages.
type Pages interface {
	// First is the query of the first page with so many templates.
	First(size int) url.Values
	// Read reads a page. next is what the query of the next one changes, nil where there
	// is none. ok is false for what is no page.
	Read(body []byte, query url.Values) (templates []ListedTemplate, next url.Values, ok bool)
}

// ListedTemplate is a template as it stands in a list (Meta, message templates
// reference).
type ListedTemplate struct {
	Name       wire.Text       `json:"name"`
	Language   wire.Text       `json:"language"`
	Status     wire.Text       `json:"status"`
	Category   wire.Text       `json:"category"`
	Components json.RawMessage `json:"components"`
}

// approved is the template in our own words.
func (t *ListedTemplate) approved() campaign.Approved {
	return campaign.Approved{
		TemplateName: campaign.TemplateName{Name: string(t.Name), Language: strings.ReplaceAll(string(t.Language), "-", "_")},
		Category:     campaign.Category(strings.ToLower(string(t.Category))),
		Status:       strings.ToLower(string(t.Status)),
		Components:   t.Components,
	}
}

// NewLibrary makes a library of the list at an address; the header says who is
// calling.
func NewLibrary(address string, header http.Header, pages Pages, reader *Reader, o whatsapp.Opening) (*Library, error) {
	prototype, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	prototype.Header = header.Clone()
	return &Library{prototype: prototype, pages: pages, reader: reader, call: call.New(o.Timeout, o.Transport), now: time.Now}, nil
}

// Templates reads the list to its end. A page that repeats what came before, as
// lists do that change meanwhile, adds nothing.
func (l *Library) Templates(ctx context.Context) ([]campaign.Approved, error) {
	all := []campaign.Approved{}
	seen := map[campaign.TemplateName]bool{}
	query := l.pages.First(pageOfTemplates)
	for range mostPages {
		page, next, refusal := l.page(ctx, query)
		if refusal != nil {
			return nil, refusal
		}
		for i := range page {
			a := page[i].approved()
			if a.Name == "" || a.Language == "" || seen[a.TemplateName] {
				continue
			}
			seen[a.TemplateName] = true
			all = append(all, a)
		}
		if next == nil {
			return all, nil
		}
		maps.Copy(query, next)
	}
	return nil, unlistable(fmt.Sprintf("the list has more than %d pages", mostPages))
}

// page asks for one page.
func (l *Library) page(ctx context.Context, query url.Values) (templates []ListedTemplate, next url.Values, refusal *whatsapp.Error) {
	r := l.prototype.Clone(ctx)
	r.URL.RawQuery = query.Encode()
	answer, refusal := l.call.Do(ctx, r, nil)
	if refusal != nil {
		return nil, nil, listedAgain(refusal)
	}
	if answer.OK() && answer.Broken == nil {
		if templates, next, ok := l.pages.Read(answer.Body, query); ok {
			return templates, next, nil
		}
	}
	if _, refusal = l.reader.Answer(answer, l.now()); refusal == nil {
		refusal = unlistable("the answer is that to a message")
	}
	return nil, nil, listedAgain(refusal)
}

// Close closes the connections that wait for the next request.
func (l *Library) Close() { l.call.Close() }

// unlistable is what comes of an answer that is no list.
func unlistable(why string) *whatsapp.Error {
	return listedAgain(codes.ConnectionLost().Of(codes.Fault{Message: why}))
}

// listedAgain is the refusal of a request that may be repeated whatever became of
// it.
func listedAgain(refusal *whatsapp.Error) *whatsapp.Error {
	if refusal.Class == whatsapp.Ambiguous {
		refusal.Class = whatsapp.RetrySoon
		refusal.Hint = "The provider did not list its templates. It is asked again."
	}
	return refusal
}

// Listing is a client of a number whose account tells its templates.
type Listing struct {
	*Numbered
	library *Library
}

var (
	_ whatsapp.Provider = (*Listing)(nil)
	_ whatsapp.Hook     = (*Listing)(nil)
	_ whatsapp.Library  = (*Listing)(nil)
	_ whatsapp.Media    = (*Listing)(nil)
)

// WithLibrary makes a client that tells the account's templates too.
func (c *Numbered) WithLibrary(address string, header http.Header, pages Pages, reader *Reader, o whatsapp.Opening) (*Listing, error) {
	library, err := NewLibrary(address, header, pages, reader, o)
	if err != nil {
		return nil, err
	}
	return &Listing{Numbered: c, library: library}, nil
}

// Templates lists the account's templates.
func (l *Listing) Templates(ctx context.Context) ([]campaign.Approved, error) {
	return l.library.Templates(ctx)
}

// Close closes the connections that wait for the next request.
func (l *Listing) Close() {
	l.Numbered.Close()
	l.library.Close()
}

// GraphPages are those of the Graph API, which hands out a cursor with each (Meta,
// Graph API, paginated results). The address of the next page that comes along is not
// taken: it would get the token wherever it leads.
type GraphPages struct{}

// First asks for the fields that are needed.
func (GraphPages) First(size int) url.Values {
	return url.Values{"fields": {"name,language,status,category,components"}, "limit": {strconv.Itoa(size)}}
}

// Read reads a page.
func (GraphPages) Read(body []byte, query url.Values) (templates []ListedTemplate, next url.Values, ok bool) {
	var told struct {
		Data   []ListedTemplate `json:"data"`
		Paging struct {
			Cursors struct {
				After wire.Text `json:"after"`
			} `json:"cursors"`
			Next wire.Text `json:"next"`
		} `json:"paging"`
	}
	if wire.Decode(body, &told) != nil || told.Data == nil {
		return nil, nil, false
	}
	after := string(told.Paging.Cursors.After)
	if told.Paging.Next == "" || after == "" || after == query.Get("after") {
		return told.Data, nil, true
	}
	return told.Data, url.Values{"after": {after}}, true
}
