package web

import (
	"context"
	"encoding/csv"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// reportPage is how many recipients of a report are in memory at a time.
const reportPage = 500

// reportTime is RFC 3339 with the milliseconds that the ledger keeps.
const reportTime = "2006-01-02T15:04:05.000Z07:00"

// reportReaders is how many pages are read at a time, so that a page is there when
// the one before it has been written. With two, a report takes what two processors
// give, and no more beside those who send.
const reportReaders = 2

// report streams a campaign's report, one line per recipient and step. Where
// the ledger fails on the way the connection is broken off, so that nobody
// takes a part for the whole.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	first, err := s.ledger.Report(r.Context(), reportQuery(c.ID, 0))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="carillon-`+c.ID.String()+`.csv"`)
	if r.Method == http.MethodHead {
		return nil
	}
	out := csv.NewWriter(w)
	_ = out.Write([]string{
		"row", "phone", "step", "channel", "status", "attempts", "message_id", "error_code", "reason",
		"accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "detail",
	}) // errors stay with the writer until Error is asked
	for rows, err := range s.reportPages(r.Context(), c.ID, first) {
		if err != nil {
			s.log.Error("report broken off", "campaign", c.ID, "error", err)
			panic(http.ErrAbortHandler)
		}
		for _, row := range rows {
			_ = out.Write(reportLine(row, numberOf(row, c.Definition)))
		}
		extend(w)
		if out.Flush(); out.Error() != nil {
			return nil // nobody reads any more
		}
	}
	return nil
}

// reportQuery asks for the page behind a row.
func reportQuery(id campaign.ID, row int) ledger.ReportQuery {
	return ledger.ReportQuery{Campaign: id, After: id.Recipient(row), Until: id.Recipient(row + reportPage), Recipients: reportPage}
}

// reportPages are the pages in their order, beginning with the first, which has been
// read. The others are read a little ahead of their turn.
func (s *Server) reportPages(ctx context.Context, id campaign.ID, first ledger.ReportPage) iter.Seq2[[]ledger.ReportRow, error] {
	type read struct {
		rows []ledger.ReportRow
		err  error
	}
	return func(yield func([]ledger.ReportRow, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var readers sync.WaitGroup
		defer readers.Wait()
		defer stop()
		begun := make(chan chan read, reportReaders-1)
		readers.Go(func() {
			defer close(begun)
			for row := reportPage; row < first.LastRow; row += reportPage {
				page := make(chan read, 1)
				select {
				case begun <- page:
				case <-ctx.Done():
					return
				}
				readers.Go(func() {
					p, err := s.ledger.Report(ctx, reportQuery(id, row))
					page <- read{p.Rows, err}
				})
			}
		})
		if !yield(first.Rows, nil) {
			return
		}
		for page := range begun {
			if p := <-page; !yield(p.rows, p.err) {
				return
			}
		}
	}
}

// numberOf is the channel of a message. A row that has none is sent from no
// number, and stands under the campaign's where that has one alone.
func numberOf(row ledger.ReportRow, def *campaign.Definition) string {
	numbers := def.AllChannels()
	if row.Position >= len(numbers) || row.Step == 0 && len(def.ChannelNames()) > 1 {
		return ""
	}
	return numbers[row.Position]
}

func reportLine(row ledger.ReportRow, channel string) []string {
	var step, code string
	if row.Step > 0 {
		step = strconv.Itoa(row.Step)
	}
	if row.Code != 0 {
		code = strconv.Itoa(row.Code)
	}
	phone := row.Phone
	if row.Status == campaign.Rejected { // what stands in the cell may be anything
		phone = harmless(phone)
	}
	return []string{
		strconv.Itoa(row.Row()), phone, step, channel, row.Status.String(), strconv.Itoa(row.Attempts),
		harmless(row.ProviderID), code, harmless(row.Reason),
		stamp(row.AcceptedAt), stamp(row.SentAt), stamp(row.DeliveredAt), stamp(row.ReadAt), stamp(row.FailedAt),
		harmless(row.Detail),
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(reportTime)
}

// extend gives the next piece of a stream its own time to be taken, whatever
// the server's limit for a whole answer is. A reader who takes nothing for so
// long is gone.
func extend(w http.ResponseWriter) {
	const pace = 30 * time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pace)) // not every writer has deadlines
}
