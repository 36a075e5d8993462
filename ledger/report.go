package ledger

import (
	"context"
	"database/sql"
	"fmt"
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
	// Recipients bounds the page. A page holds whole recipients.
	Recipients int
	// Status keeps only messages that stand there; 0 keeps all.
	Status campaign.Status
	// Reason keeps only messages that stand where they do for it; empty keeps all.
	Reason string
	// Search keeps only recipients with this text in phone or cells.
	Search string
}

const reportSQL = `
	SELECT r.id, r.phone, r.verdict, r.detail, m.id, m.channel, m.status, m.tries, m.code, m.reason, m.detail,
	       (SELECT a.provider_id FROM attempts a WHERE a.message_id = m.id AND a.provider_id IS NOT NULL ORDER BY a.n DESC LIMIT 1),
	       m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at
	FROM (SELECT * FROM recipients r WHERE r.id > $1 AND r.id < $2 %s ORDER BY r.id LIMIT $3) AS r
	LEFT JOIN messages m ON m.id >= (r.id << 4) AND m.id < ((r.id + 1) << 4)
	ORDER BY r.id, m.id`

// Report returns a page of a campaign's report, in the order of the list, and
// the recipient the next page starts behind (0 when this was the last).
func (l *Ledger) Report(ctx context.Context, q ReportQuery) (page []ReportRow, next campaign.RecipientID, err error) {
	filter, args := q.filter()
	after := max(q.After, q.Campaign.Recipient(0))
	args = append([]any{int64(after), int64((q.Campaign + 1).Recipient(0)), q.Recipients}, args...)
	rows, err := l.read.QueryContext(ctx, fmt.Sprintf(reportSQL, filter), args...)
	if err != nil {
		return nil, 0, fmt.Errorf("ledger: report: %w", err)
	}
	defer rows.Close()
	var recipients int
	var last campaign.RecipientID
	for rows.Next() {
		r, err := scanReportRow(rows)
		if err != nil {
			return nil, 0, fmt.Errorf("ledger: report: %w", err)
		}
		if r.Recipient != last {
			recipients, last = recipients+1, r.Recipient
		}
		if (q.Status == 0 || r.Status == q.Status) && (q.Reason == "" || r.Reason == q.Reason) {
			page = append(page, r)
		}
	}
	if recipients == q.Recipients {
		next = last
	}
	return page, next, rows.Err()
}

// filter is the condition on recipients, with its arguments from $4 on.
func (q ReportQuery) filter() (string, []any) {
	var conditions strings.Builder
	var args []any
	if q.Search != "" {
		args = append(args, containing(q.Search))
		fmt.Fprintf(&conditions, ` AND (lower(r.phone) LIKE $%d ESCAPE '\' OR lower(r.cells) LIKE $%d ESCAPE '\')`, 3+len(args), 3+len(args))
	}
	var standing strings.Builder
	switch q.Status {
	case 0:
	case campaign.Rejected:
		conditions.WriteString(` AND r.person IS NULL`)
	default:
		args = append(args, int(q.Status))
		fmt.Fprintf(&standing, ` AND +m.status = $%d`, 3+len(args))
	}
	if q.Reason != "" && q.Status != campaign.Rejected {
		args = append(args, q.Reason)
		fmt.Fprintf(&standing, ` AND m.reason = $%d`, 3+len(args))
	}
	if standing.Len() > 0 {
		fmt.Fprintf(&conditions, ` AND EXISTS (SELECT 1 FROM messages m WHERE m.id >= (r.id << 4) AND m.id < ((r.id + 1) << 4)%s)`, standing.String())
	}
	return conditions.String(), args
}

func scanReportRow(rows *sql.Rows) (ReportRow, error) {
	var r ReportRow
	var detail string
	var message, position, status, tries, code sql.NullInt64
	var reason, words, providerID sql.NullString
	var accepted, sent, delivered, read, failed sql.NullInt64
	err := rows.Scan(&r.Recipient, &r.Phone, &r.Verdict, &detail, &message, &position, &status, &tries, &code, &reason, &words, &providerID,
		&accepted, &sent, &delivered, &read, &failed)
	if err != nil {
		return r, err
	}
	if !message.Valid {
		r.Status, r.Reason = campaign.Rejected, string(r.Verdict)
		if detail != "" {
			r.Reason += ": " + detail
		}
		return r, nil
	}
	r.Step = campaign.MessageID(message.Int64).Step() + 1
	r.Position, r.Status = int(position.Int64), campaign.Status(status.Int64)
	r.Attempts, r.Code = int(tries.Int64), int(code.Int64)
	r.Reason, r.Detail, r.ProviderID = reason.String, words.String, providerID.String
	r.AcceptedAt, r.SentAt, r.DeliveredAt, r.ReadAt, r.FailedAt = moment(accepted), moment(sent), moment(delivered), moment(read), moment(failed)
	return r, nil
}
