package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"carillon/campaign"
)

// The rows about pages.
const (
	namePaint        = "page, first paint"
	nameCampaignPage = "campaign page of 1,000,000 rows"
	namePeoplePage   = "people page of 1,000,000 rows"
	nameRare         = "people page of 1,000,000 rows, a status or reason that nobody has"
	nameByPart       = "people page of 1,000,000 rows, by a part of a number"
	nameByNumber     = "people page of 1,000,000 rows, by a number in full"
)

// pagesExperiment looks how soon a browser shows something, and how soon pages about
// a long list are there: the campaign itself; and of its people the first page, one by
// key far behind it, and those of a status. What is looked for and hardly there has
// rows of its own: by a part of a number, a page that finds nobody and one that finds
// somebody, and by all of the number of the last row. The campaign has begun and is paused, so that
// messages stand in several statuses.
//
// First paint is Chromium's first-contentful-paint of the list of campaigns, in a
// window that has it loaded once: its median. Of the other pages the slowest counts,
// from the request until the last byte, by HTTP.
func pagesExperiment() experiment {
	return experiment{
		name: "pages",
		rows: []row{atMost(namePaint, "ms", 300, 150), atMost(nameCampaignPage, "ms", 200, 50), atMost(namePeoplePage, "ms", 200, 50), atMost(nameRare, "ms", 200, 50), atMost(nameByPart, "ms", 200, 100), atMost(nameByNumber, "ms", 200, 50)},
		run: func(s *scene) error {
			h, err := s.open(plan{engine: engineSQLite, rate: 500})
			if err != nil {
				return err
			}
			const template = "order_update"
			c, err := h.upload(s.ctx, template, longList, true)
			if err != nil {
				return err
			}
			if err := s.provider.arrived(s.ctx, template, 1000); err != nil {
				return err
			}
			if err := h.act(s.ctx, c.ID, string(campaign.Pause)); err != nil {
				return err
			}
			if err := s.provider.quiet(s.ctx, template); err != nil {
				return err
			}
			if err := s.longPages(h, c.ID); err != nil {
				return err
			}
			return s.paints(h.url + "/")
		},
	}
}

// shown is how often a page is asked for.
const shown = 20

// longPages fills the rows about the long list.
func (s *scene) longPages(h *house, id string) error {
	campaignPath := "/campaigns/" + id
	people := campaignPath + "/people?"
	deep := url.Values{"after": {strconv.Itoa(longList - 200)}}
	for _, m := range []struct{ row, what, path string }{
		{nameCampaignPage, "", campaignPath},
		{namePeoplePage, "the first, ", people},
		{namePeoplePage, "by key near the end, ", people + deep.Encode()},
		{nameRare, "by status, ", people + url.Values{"status": {campaign.Expired.String()}}.Encode()},
		{namePeoplePage, "of a status, ", people + url.Values{"status": {campaign.Accepted.String()}}.Encode()},
		{nameRare, "with a reason that nobody has, ", people + url.Values{"status": {campaign.Pending.String()}, "reason": {"none"}}.Encode()},
		{nameByPart, "of the last row, from the first, ", people + part(longList-1, 0)},
		{nameByPart, "of the last row, near the end, ", people + part(longList-1, longList-200)},
		{nameByNumber, "of the last row, ", people + url.Values{"q": {personOf(longList - 1).phone}}.Encode()},
	} {
		var all []time.Duration
		for range shown {
			took, err := fetchPage(s.ctx, h.url+m.path)
			if err != nil {
				return err
			}
			all = append(all, took)
		}
		slowest := milliseconds(quantile(all, 1))
		if r := s.row(m.row); r.Result != nil {
			slowest = max(slowest, *r.Result)
		}
		s.found(m.row, slowest)
		s.note("%s: %smedian %s, slowest %s", m.row, m.what, short(quantile(all, 0.5)), short(quantile(all, 1)))
	}
	return nil
}

// part asks for those who have a part of a person's number, behind a row.
func part(person, after int) string {
	phone := personOf(person).phone
	return url.Values{"q": {phone[len(phone)-7:]}, "after": {strconv.Itoa(after)}}.Encode()
}

// fetchPage asks for a page as a browser does.
func fetchPage(ctx context.Context, address string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Accept", "text/html")
	begun := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	took := time.Since(begun)
	if err == nil && (answer.StatusCode != http.StatusOK || !strings.Contains(string(text), "</html>")) {
		err = fmt.Errorf("%s: %s: %.200s", address, answer.Status, text)
	}
	return took, err
}

// paints fills the row about the first paint.
func (s *scene) paints(address string) error {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("%w; `make needs` installs it", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, release := chromedp.NewExecAllocator(s.ctx, options...)
	defer release()
	window, end := chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Run(window, chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("chromium: %w", err)
	}
	var all []time.Duration
	for range shown {
		var ms float64
		if err := chromedp.Run(window, chromedp.Navigate(address), chromedp.Poll(firstPaint, &ms)); err != nil {
			return fmt.Errorf("chromium: %w", err)
		}
		all = append(all, time.Duration(ms*float64(time.Millisecond)))
	}
	s.found(namePaint, milliseconds(quantile(all, 0.5)))
	s.note("%s: the slowest of %d %s", namePaint, shown, short(quantile(all, 1)))
	return nil
}

// firstPaint is when a page first showed something, in milliseconds from the request
// on; false before that.
const firstPaint = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? false`
