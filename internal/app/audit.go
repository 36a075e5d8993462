package app

import (
	"context"
	"iter"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/simulator"
)

// auditPage is how many recipients are read from the ledger at once.
const auditPage = 2000

// Audit holds a campaign's report against what a simulated provider truly
// accepted.
func Audit(ctx context.Context, l *ledger.Ledger, id campaign.ID, truth simulator.Truth, rate float64) (simulator.Audit, error) {
	c, err := l.Campaign(ctx, id)
	if err != nil {
		return simulator.Audit{}, err
	}
	var templates []string
	for _, step := range c.Definition.Steps {
		templates = append(templates, simulator.StepName(step))
	}
	var failed error
	result := truth.Audit(records(ctx, l, c, &failed), templates, rate)
	return result, failed
}

// records are the lines of a campaign's report as the audit reads them. An
// error ends them and is left in failed.
func records(ctx context.Context, l *ledger.Ledger, c ledger.Campaign, failed *error) iter.Seq[simulator.Record] {
	return func(yield func(simulator.Record) bool) {
		query := ledger.ReportQuery{Campaign: c.ID, Recipients: auditPage}
		for {
			page, err := l.Report(ctx, query)
			if err != nil {
				*failed = err
				return
			}
			for _, line := range page.Rows {
				r := simulator.Record{
					To: line.Phone, Status: line.Status, MessageID: line.ProviderID, Admitted: line.Status != campaign.Rejected,
				}
				if line.Step > 0 {
					step := c.Definition.Steps[line.Step-1]
					r.Step, r.Template = line.Step-1, simulator.StepName(step)
					r.Marketing, r.Unordered = step.Category == campaign.Marketing || step.Category == "", unordered(c.Definition, line.Step-1)
				}
				if !yield(r) {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			query.After = page.Next
		}
	}
}

// unordered reports whether a step may go out without a delivery of the one
// before it.
func unordered(d *campaign.Definition, step int) bool {
	rule := d.Steps[step]
	waits := rule.After == campaign.AfterDelivered || rule.After == campaign.AfterRead
	passes := step > 0 && d.Steps[step-1].Otherwise == campaign.Skip // the one before that counts then
	return !waits || rule.Otherwise == campaign.Send || passes
}
