package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

func TestTheGuardPausesACampaign(t *testing.T) {
	t.Parallel()
	bubble(t, "refused alike", func(t *testing.T) {
		s := newStand(0)
		refused := &whatsapp.Error{
			Class: whatsapp.BadRequest, Reason: "parameter_count", Code: 132000, HTTPStatus: 400,
			Message: "body: number of parameters", Hint: "Compare the step's parameters with the template.",
		}
		row := 0
		post := func(times int) {
			t.Helper()
			for range times {
				row++
				s.provider.answers = []error{refused}
				task := campaign.Task{Message: campaign.ID(7).Recipient(row).Message(0), Attempt: 1}
				if err := s.handle(t.Context(), asynq.NewTask(campaign.TaskType, task.Payload())); err != nil {
					t.Fatal(err)
				}
			}
		}
		post(4)
		if s.record.state != campaign.Running {
			t.Fatalf("paused after four: %q", s.record.reasons)
		}
		post(3)
		s.expect(t, 5, repeatedOutcome(5, ledger.OutcomeRefused)...)
		const want = `the last 5 messages were refused for the same reason: parameter_count (132000), "body: number of parameters": ` +
			"Compare the step's parameters with the template. Resume when the template is fixed. Cancel if the campaign or its list is wrong."
		if got := strings.Join(s.record.reasons, "\n"); got != want {
			t.Errorf("reason %q\nwant %q", got, want)
		}

		s.watchCampaign(t.Context(), &send{task: task, campaign: s.campaigns.known[7]}, refused.Failure()) // one that was under way
		s.record.state = campaign.Running
		time.Sleep(time.Second)
		post(4)
		if s.record.state != campaign.Running {
			t.Errorf("paused again after four: %q", s.record.reasons)
		}
		post(1)
		if s.record.state != campaign.Paused || len(s.record.reasons) != 2 {
			t.Errorf("%s after five more", s.record.state)
		}
	})
}

func repeatedOutcome(n int, o ledger.Outcome) []ledger.Outcome {
	list := make([]ledger.Outcome, n)
	for i := range list {
		list[i] = o
	}
	return list
}
