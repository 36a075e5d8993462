package web

import (
	"net/http"
	"net/url"
	"strconv"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

func (s *Server) viewRecipient(row ledger.ReportRow, channel string) api.Recipient {
	v := api.Recipient{
		Row:         row.Row(),
		Phone:       row.Phone,
		Channel:     channel,
		Status:      row.Status.String(),
		Attempts:    row.Attempts,
		MessageID:   row.ProviderID,
		ErrorCode:   row.Code,
		Reason:      row.Reason,
		AcceptedAt:  moment(row.AcceptedAt),
		SentAt:      moment(row.SentAt),
		DeliveredAt: moment(row.DeliveredAt),
		ReadAt:      moment(row.ReadAt),
		FailedAt:    moment(row.FailedAt),
		Detail:      row.Detail,
	}
	if row.Step > 0 {
		v.Step = &row.Step
	}
	if hint := s.channels[channel].Hint; v.Detail == "" && row.Reason != "" && hint != nil {
		v.Detail = hint(row.Reason, row.Code)
	}
	return v
}

// listRecipients pages through a campaign's report. A page holds all steps of
// as many recipients as its limit says, or fewer, where it has to look for them.
func (s *Server) listRecipients(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	query, err := readReportQuery(c.ID, r.URL.Query())
	if err != nil {
		return err
	}
	page, err := s.ledger.Report(r.Context(), query)
	if err != nil {
		return err
	}
	list := api.Recipients{SearchedTo: page.SearchedTo, LastRow: page.LastRow}
	list.Items = make([]api.Recipient, len(page.Rows))
	for i, row := range page.Rows {
		list.Items[i] = s.viewRecipient(row, numberOf(row, c.Definition))
	}
	if page.Next != 0 {
		cursor := strconv.Itoa(page.Next.Row())
		list.Next = &cursor
	}
	return answer(w, http.StatusOK, list)
}

func readReportQuery(id campaign.ID, query url.Values) (ledger.ReportQuery, error) {
	const usual, most = 50, 500
	q := ledger.ReportQuery{Campaign: id, Search: query.Get("q"), Reason: query.Get("reason")}
	q.Person = personIn(q.Search)
	var err error
	if q.Recipients, err = pageLimit(query, usual, most); err != nil {
		return q, err
	}
	if name := query.Get("status"); name != "" {
		if q.Status, err = campaign.ParseStatus(name); err != nil {
			return q, refuse(badRequest, "/api/openapi.yaml lists the statuses", "%v", err)
		}
	}
	if cursor := query.Get("cursor"); cursor != "" {
		row, err := strconv.Atoi(cursor)
		if err != nil || row < 0 || row > campaign.MaxRows {
			return q, refuse(badRequest, "take the cursor from the previous page", "%q is not a cursor", cursor)
		}
		q.After = id.Recipient(row)
	}
	return q, nil
}
