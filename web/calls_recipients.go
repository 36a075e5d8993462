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
// as many recipients as its limit says.
func (s *Server) listRecipients(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	query, err := readReportQuery(c.ID, r.URL.Query())
	if err != nil {
		return err
	}
	rows, next, err := s.ledger.Report(r.Context(), query)
	if err != nil {
		return err
	}
	list := api.Page[api.Recipient]{Items: make([]api.Recipient, len(rows))}
	for i, row := range rows {
		list.Items[i] = s.viewRecipient(row, numberOf(row, c.Definition))
	}
	if next != 0 {
		cursor := strconv.Itoa(next.Row())
		list.Next = &cursor
	}
	return answer(w, http.StatusOK, list)
}

func readReportQuery(id campaign.ID, query url.Values) (ledger.ReportQuery, error) {
	const usual, most = 50, 500
	q := ledger.ReportQuery{Campaign: id, Search: query.Get("q"), Reason: query.Get("reason")}
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
