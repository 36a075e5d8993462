package web

import (
	"net/http"
	"strconv"

	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// history shows what is on record of one row.
func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	row, err := strconv.Atoi(r.PathValue("row"))
	if err != nil || row < 1 || row > campaign.MaxRows {
		return refuse(notFound, "take the number of a row from the campaign's recipients", "%q is no row", r.PathValue("row"))
	}
	h, err := s.ledger.History(r.Context(), c.ID.Recipient(row))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, s.viewHistory(h, c.Definition))
}

func (s *Server) viewHistory(h ledger.History, def *campaign.Definition) api.History {
	first := h.Rows[0]
	v := api.History{Row: first.Row(), Phone: first.Phone, Verdict: first.Verdict, Suppressions: viewSuppressions(h.Suppressions)}
	for _, row := range h.Rows {
		m := api.MessageHistory{Recipient: s.viewRecipient(row, numberOf(row, def)), Tries: []api.Attempt{}, Replies: []api.HeardReply{}}
		if row.Step > 0 {
			m.Template = def.Steps[row.Step-1].Template
		}
		for _, a := range h.Attempts {
			if a.Message.Step()+1 == row.Step {
				m.Tries = append(m.Tries, viewAttempt(a, def))
			}
		}
		for _, reply := range h.Replies {
			if reply.Message.Step()+1 == row.Step {
				m.Replies = append(m.Replies, api.HeardReply{At: reply.At, Text: reply.Text, Payload: reply.Payload, Pressed: reply.Pressed})
			}
		}
		v.Messages = append(v.Messages, m)
	}
	return v
}

func viewAttempt(a ledger.Attempt, def *campaign.Definition) api.Attempt {
	v := api.Attempt{
		Attempt: a.N, ClaimedAt: a.Claimed, SettledAt: moment(a.Settled), Outcome: a.Outcome,
		MessageID: a.ProviderID, ErrorCode: a.Code, Reason: a.Reason,
	}
	if numbers := def.AllChannels(); a.Position < len(numbers) {
		v.Channel = numbers[a.Position]
	}
	return v
}
