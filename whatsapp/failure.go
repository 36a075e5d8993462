package whatsapp

import "carillon/campaign"

// Failure is the refusal in the words of the domain: what it means for the
// message, the person and the campaign.
func (e *Error) Failure() campaign.Failure {
	f := campaign.Failure{Code: e.Code, Reason: e.Reason, Detail: e.Hint, Wait: e.Wait}
	switch e.Class {
	case RetrySoon:
		f.Retry = true
		// A request that was never written says nothing about the message.
		f.Throttled = e.Unwritten
		if e.Retries > 0 {
			f.Tries = e.Retries + 1
		}
	case RetrySlow:
		f.Retry = true
		// A limit of ours (number, pair, account) is no fault of the message.
		// A person's own limit is: it is worth only so many attempts.
		f.Throttled = e.Budget != UserBudget
		// 4^n seconds for one recipient (Meta, pair rate limits).
		f.Escalates = e.Budget == PairBudget
	case Pause:
		f.Retry, f.Throttled, f.Pause = true, true, true
	}
	switch e.Suppress {
	case SuppressAll:
		f.Suppress = campaign.ScopeAll
	case SuppressMarketing:
		f.Suppress = campaign.ScopeMarketing
	}
	return f
}
