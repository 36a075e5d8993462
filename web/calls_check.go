package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"carillon/admission"
	"carillon/campaign"
	"carillon/contacts"
)

// toldRows is how many bad rows and how many warnings a check tells.
const toldRows = 500

// shownRows is how many rows a caller may ask to see.
const shownRows = 20

// check says what a campaign would do with a list, and keeps neither. Without a
// campaign it looks at the list alone.
func (s *Server) check(w http.ResponseWriter, r *http.Request) error {
	rows, err := readRows(r.URL.Query()["row"])
	if err != nil {
		return err
	}
	quick, err := readBool(r.URL.Query(), "quick")
	if err != nil {
		return err
	}
	looked, err := s.openChecked(w, r)
	if err != nil {
		return err
	}
	defer looked.close()
	result, err := s.door.Check(r.Context(), looked.campaign, looked.list, admission.CheckOptions{Approval: looked.approval,
		Pace: s.door.Pace(looked.campaign.Definition), Rows: rows, Most: toldRows, Quick: quick, Now: s.now(),
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, result)
}

// readRows reads which rows shall be shown.
func readRows(texts []string) ([]int, error) {
	if len(texts) > shownRows {
		return nil, refuse(badRequest, "ask for fewer at a time", "%d rows are asked for; %d are shown at most", len(texts), shownRows)
	}
	rows := make([]int, len(texts))
	for i, text := range texts {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, refuse(badRequest, "rows are counted from 1, the first one below the header", "row=%q is not the number of a row", text)
		}
		rows[i] = n
	}
	return rows, nil
}

// checked is a campaign and a list that are being looked at.
type checked struct {
	upload   *upload
	campaign admission.Campaign
	reader   *contacts.Reader
	list     *admission.List
	approval admission.Approval
}

func (c *checked) close() {
	if c.reader != nil {
		_ = c.reader.Close() // it was only read
	}
	c.upload.remove()
}

// openChecked takes what a request brings. The caller closes it, unless there is an
// error.
func (s *Server) openChecked(w http.ResponseWriter, r *http.Request) (_ *checked, err error) {
	s.byPieces(r)
	c := &checked{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.upload, err = s.receive(w, r); err != nil {
		return nil, err
	}
	if err := c.upload.complete("contacts"); err != nil {
		return nil, err
	}
	if c.upload.definition == nil {
		options, err := readContactOptions(r.URL.Query())
		if err != nil {
			return nil, err
		}
		c.campaign = admission.Campaign{Definition: &campaign.Definition{Contacts: options}}
	} else if c.campaign, err = s.door.Read(c.upload.definition); err != nil {
		return nil, err
	}
	if c.reader, err = contacts.OpenFile(c.upload.contacts, c.campaign.Definition.Contacts, contacts.Limits{}); err != nil {
		return nil, err
	}
	if c.list, err = admission.NewList(c.reader, c.campaign, admission.NewFiles(&c.upload.media), s.now()); err != nil {
		return nil, err
	}
	if c.upload.definition == nil {
		return c, nil
	}
	if c.approval, err = s.door.Approve(r.Context(), c.campaign.Definition, s.now()); err != nil {
		return nil, err
	}
	c.list.Against(c.campaign.Definition, c.approval.Lists)
	return c, nil
}

// readContactOptions reads how a list without a campaign is to be read.
func readContactOptions(query url.Values) (o campaign.ContactOptions, err error) {
	o.Phone, o.FullName, o.Language = query.Get("phone"), query.Get("name"), query.Get("language")
	o.DefaultRegion, o.Encoding, o.Delimiter, o.Sheet = query.Get("default_region"), query.Get("encoding"), query.Get("delimiter"), query.Get("sheet")
	o.IncludeHidden, err = readBool(query, "include_hidden")
	return o, err
}

// The columns that a file of bad rows has besides those of the list.
const (
	badRowColumn     = "Row before"
	badVerdictColumn = "Verdict"
	badWhyColumn     = "Why"
)

// badRows answers with the rows of a list that are not sent to, with the reason, as
// a list to mend and upload again. Where the list breaks on the way the connection
// is broken off, so that nobody takes a part for the whole.
func (s *Server) badRows(w http.ResponseWriter, r *http.Request) error {
	looked, err := s.openChecked(w, r)
	if err != nil {
		return err
	}
	defer looked.close()
	file := &badFile{w: w, out: csv.NewWriter(w)}
	columns := looked.list.Layout().Columns
	for i, name := range columns {
		if !slices.Contains([]string{badRowColumn, badVerdictColumn, badWhyColumn}, name) { // of a list that was mended before
			file.columns = append(file.columns, i)
		}
	}
	_, err = s.door.Check(r.Context(), looked.campaign, looked.list, admission.CheckOptions{Approval: looked.approval,
		Most: 1, Now: s.now(), Bad: func(row campaign.Row) error { file.begin(columns); return file.add(row) },
	})
	if err != nil && file.begun {
		s.log.Error("bad rows broken off", "request", visitOf(r).id, "error", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		return err
	}
	file.begin(columns)
	file.out.Flush()
	return nil
}

// badFile is a file of bad rows on its way.
type badFile struct {
	w       http.ResponseWriter
	out     *csv.Writer
	columns []int // of the list, those that are kept
	begun   bool
	rows    int
}

// begin writes the header, once.
func (f *badFile) begin(columns []string) {
	if f.begun {
		return
	}
	f.begun = true
	f.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	f.w.Header().Set("Content-Disposition", `attachment; filename="bad-rows.csv"`)
	f.write(columns, badRowColumn, badVerdictColumn, badWhyColumn)
}

func (f *badFile) add(row campaign.Row) error {
	f.write(row.Values, strconv.Itoa(row.Number), string(row.Verdict), row.Detail)
	if f.rows++; f.rows%reportPage == 0 {
		extend(f.w)
		f.out.Flush()
	}
	return f.out.Error()
}

// write writes a line: the cells of the list that are kept, and ours. Errors stay
// with the writer until Error is asked.
func (f *badFile) write(cells []string, ours ...string) {
	line := make([]string, 0, len(f.columns)+len(ours))
	for _, column := range f.columns {
		line = append(line, harmless(cells[column]))
	}
	for _, text := range ours {
		line = append(line, harmless(text))
	}
	_ = f.out.Write(line)
}
