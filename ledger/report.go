package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
)

// ReportRow is one line of a report: one step for one recipient, or one row of
// the list that never qualified.
type ReportRow struct {
	Recipient campaign.RecipientID
	// Step counts from 1; 0 for a rejected row.
	Step int
	// Position is that of the message's number in the campaign's list, 0 for a
	// rejected row.
	Position int
	Phone    string
	Verdict  campaign.Verdict
	Status   campaign.Status
	// Attempts counts those that were not throttled or released.
	Attempts   int
	ProviderID string
	Code       int
	Reason     string
	// Detail is what was said of it and what to do; empty for nothing.
	Detail string
	// The zero time stands for "not yet".
	AcceptedAt, SentAt, DeliveredAt, ReadAt, FailedAt time.Time
}

// Row is the number of the row in the list.
func (r ReportRow) Row() int { return r.Recipient.Row() }

// ReportQuery says which lines are wanted.
type ReportQuery struct {
	Campaign campaign.ID
	// After is the recipient behind whom the page starts, 0 for the first page.
	After campaign.RecipientID
	// Until is the last recipient that is wanted, 0 for the last of the list.
	Until campaign.RecipientID
	// Recipients bounds the page. A page holds whole recipients.
	Recipients int
	// Status keeps only messages that stand there; 0 keeps all.
	Status campaign.Status
	// Reason keeps only messages that stand where they do for it; empty keeps all.
	Reason string
	// Search keeps only recipients with this text in phone or cells.
	Search string
	// Person is the key of somebody whose row opens the first page, wherever in the
	// list it is and whatever Search says; no other page has it. Empty for nobody.
	Person string
}

// ReportPage is a part of a report.
type ReportPage struct {
	Rows []ReportRow
	// Next is the recipient the next page starts behind, 0 where this is the last.
	// A page reads a part of the list at most, so that one with few rows or none may
	// have it.
	Next campaign.RecipientID
	// SearchedTo is the number of the row up to which the list has been read, LastRow
	// that of its last row.
	SearchedTo, LastRow int
}

// What is not compared as it is, such as +m.status, keeps SQLite from the index that
// has it alone.
const (
	reportColumns = `
	SELECT r.id, r.phone, r.verdict, r.detail, m.id, m.channel, m.status, m.tries, m.code, m.reason, m.detail,
	       (SELECT a.provider_id FROM attempts a WHERE a.message_id = m.id AND a.provider_id || '' IS NOT NULL ORDER BY a.n DESC LIMIT 1),
	       m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at`
	// rowsSQL goes from row to row, and then to the messages of those that suit.
	rowsSQL = reportColumns + `
	FROM (SELECT * FROM recipients r WHERE r.id > $1 AND r.id <= $2 AND r.id <> $4%s ORDER BY r.id LIMIT $3) AS r
	LEFT JOIN messages m ON m.id >= (r.id << 4) AND m.id < ((r.id + 1) << 4)
	ORDER BY r.id, m.id`
	// messagesSQL goes from message to message, and then to the rows of those that
	// suit. CROSS keeps SQLite to that order.
	messagesSQL = reportColumns + `
	FROM messages m CROSS JOIN recipients r
	WHERE m.id >= ((CAST($1 AS BIGINT) + 1) << 4) AND m.id < ((CAST($2 AS BIGINT) + 1) << 4) AND r.id = m.id >> 4 AND r.id <> $4%s
	ORDER BY m.id LIMIT $3`
)

// Report returns a page of a campaign's report, in the order of the list.
func (l *Ledger) Report(ctx context.Context, q ReportQuery) (ReportPage, error) {
	e, err := l.extent(ctx, q)
	if err != nil {
		return ReportPage{}, err
	}
	page := ReportPage{SearchedTo: e.last.Row(), LastRow: e.last.Row()}
	if q.Status != 0 && e.standing == 0 {
		return page, nil
	}
	first, err := l.rowOf(ctx, q.Campaign, q.Person)
	if err != nil {
		return page, err
	}
	room := q.Recipients
	if first != 0 && q.After == 0 {
		if page.Rows, _, err = l.reportRows(ctx, nil, q.of(first)); err != nil {
			return page, err
		}
		if len(page.Rows) > 0 {
			room--
		}
	}
	var last campaign.RecipientID
	if page.Rows, last, err = l.reportRows(ctx, page.Rows, q.stretch(e, first, room)); err != nil {
		return page, err
	}
	if last < e.last {
		page.Next, page.SearchedTo = last, last.Row()
	}
	return page, nil
}

// extent is how much there is to a list.
type extent struct {
	last  campaign.RecipientID // 0 for an empty list
	steps int
	// standing is how many messages have the status that is asked for.
	standing int64
}

func (l *Ledger) extent(ctx context.Context, q ReportQuery) (e extent, err error) {
	err = l.read.QueryRowContext(ctx, `
		SELECT (SELECT COALESCE(MAX(id), 0) FROM recipients WHERE id > $2 AND id < $3),
		       COALESCE(MAX(step), 0) + 1, COALESCE(SUM(CASE WHEN status = CAST($4 AS SMALLINT) THEN n ELSE 0 END), 0)
		FROM counts WHERE campaign_id = $1`,
		int64(q.Campaign), int64(q.Campaign.Recipient(0)), int64((q.Campaign+1).Recipient(0)), int(q.Status)).Scan(&e.last, &e.steps, &e.standing)
	if err != nil {
		return e, fmt.Errorf("ledger: extent of campaign %s: %w", q.Campaign, err)
	}
	return e, nil
}

// rowOf is the row of a person in a campaign, the first with their number where none
// was admitted; 0 for none.
func (l *Ledger) rowOf(ctx context.Context, id campaign.ID, person string) (row campaign.RecipientID, err error) {
	if person == "" {
		return 0, nil
	}
	err = l.read.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT r.id FROM recipients r WHERE (r.id >> 24) = $1 AND r.person = $2),
		                (SELECT MIN(+r.id) FROM recipients r WHERE (r.id >> 24) = $1 AND r.phone = $2 AND r.person IS NULL), 0)`,
		int64(id), person).Scan(&row)
	if err != nil {
		return 0, fmt.Errorf("ledger: row of a person in campaign %s: %w", id, err)
	}
	return row, nil
}

// stretch is a part of a list that is read for a page.
type stretch struct {
	ReportQuery
	// It is read behind after, to the row to, without the row but.
	after, to, but campaign.RecipientID
	// room is how many recipients it may give, of so many steps each.
	room, steps int
}

// of is the stretch of one row, whatever its text.
func (q ReportQuery) of(row campaign.RecipientID) stretch {
	q.Search = ""
	return stretch{ReportQuery: q, after: row - 1, to: row, room: 1, steps: campaign.MaxSteps}
}

// stretch is what a page reads behind the one before.
func (q ReportQuery) stretch(e extent, but campaign.RecipientID, room int) stretch {
	s := stretch{ReportQuery: q, after: max(q.After, q.Campaign.Recipient(0)), but: but, room: room, steps: e.steps}
	most := mostLookedAt
	if q.Search != "" {
		most = mostSearched
	}
	if q.byMessage() {
		most /= e.steps
	}
	if s.to = e.last; q.picks() { // otherwise every row counts, and the page is full soon
		s.to = min(s.to, s.after+campaign.RecipientID(most))
	}
	if q.Until != 0 {
		s.to = min(s.to, q.Until)
	}
	return s
}

// picks reports whether some rows are wanted and others not.
func (q ReportQuery) picks() bool { return q.Status != 0 || q.Reason != "" || q.Search != "" }

// byMessage reports whether it is asked for messages, and not for rows.
func (q ReportQuery) byMessage() bool {
	return q.Status != campaign.Rejected && (q.Status != 0 || q.Reason != "")
}

// reportRows adds the lines of a stretch to those found before, and tells the last
// row that was read for them.
func (l *Ledger) reportRows(ctx context.Context, found []ReportRow, s stretch) (_ []ReportRow, last campaign.RecipientID, err error) {
	if s.room == 0 {
		return found, s.after, nil
	}
	query, args := s.query()
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, 0, fmt.Errorf("ledger: report: %w", err)
	}
	defer rows.Close()
	var recipients int
	found, scan := slices.Grow(found, s.room), newReportScan()
	for rows.Next() {
		r, err := scan.next(rows)
		if err != nil {
			return nil, 0, fmt.Errorf("ledger: report: %w", err)
		}
		if r.Recipient != last {
			if recipients == s.room {
				break
			}
			recipients, last = recipients+1, r.Recipient
		}
		if (s.Status == 0 || r.Status == s.Status) && (s.Reason == "" || r.Reason == s.Reason) {
			found = append(found, r)
		}
	}
	if recipients < s.room {
		last = s.to
	}
	return found, last, rows.Err()
}

// query reads a stretch.
func (s stretch) query() (string, []any) {
	var conditions strings.Builder
	args := []any{int64(s.after), int64(s.to), s.room, int64(s.but)}
	condition := func(format string, arg any) {
		args = append(args, arg)
		fmt.Fprintf(&conditions, format, len(args))
	}
	if s.Search != "" {
		condition(` AND (`+textOf("r.phone", s.Search)+` LIKE $%[1]d ESCAPE '\' OR `+textOf("r.cells", s.Search)+` LIKE $%[1]d ESCAPE '\')`, containing(s.Search))
	}
	if !s.byMessage() {
		if s.Status == campaign.Rejected {
			conditions.WriteString(` AND r.person IS NULL`)
		}
		return fmt.Sprintf(rowsSQL, &conditions), args
	}
	args[2] = s.room * s.steps
	if s.Status != 0 {
		condition(` AND +m.status = $%d`, int(s.Status))
	}
	if s.Reason != "" {
		condition(` AND m.reason = $%d`, s.Reason)
	}
	return fmt.Sprintf(messagesSQL, &conditions), args
}

// reportScan is where the columns of a report's lines go, one line after the other.
type reportScan struct {
	line                                    ReportRow
	detail                                  string
	message, position, status, tries, code  sql.NullInt64
	reason, words, providerID               sql.NullString
	accepted, sent, delivered, read, failed sql.NullInt64
	places                                  []any
}

func newReportScan() *reportScan {
	s := &reportScan{}
	s.places = []any{
		&s.line.Recipient, &s.line.Phone, &s.line.Verdict, &s.detail,
		&s.message, &s.position, &s.status, &s.tries, &s.code, &s.reason, &s.words, &s.providerID,
		&s.accepted, &s.sent, &s.delivered, &s.read, &s.failed,
	}
	return s
}

func (s *reportScan) next(rows *sql.Rows) (ReportRow, error) {
	if err := rows.Scan(s.places...); err != nil {
		return ReportRow{}, err
	}
	r := s.line
	if !s.message.Valid {
		r.Status, r.Reason = campaign.Rejected, string(r.Verdict)
		if s.detail != "" {
			r.Reason += ": " + s.detail
		}
		return r, nil
	}
	r.Step = campaign.MessageID(s.message.Int64).Step() + 1
	r.Position, r.Status = int(s.position.Int64), campaign.Status(s.status.Int64)
	r.Attempts, r.Code = int(s.tries.Int64), int(s.code.Int64)
	r.Reason, r.Detail, r.ProviderID = s.reason.String, s.words.String, s.providerID.String
	r.AcceptedAt, r.SentAt, r.DeliveredAt = moment(s.accepted), moment(s.sent), moment(s.delivered)
	r.ReadAt, r.FailedAt = moment(s.read), moment(s.failed)
	return r, nil
}
