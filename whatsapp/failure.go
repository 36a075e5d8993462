package whatsapp

import (
	"cmp"

	"carillon/campaign"
)

// Failure is the refusal in the words of the domain: what it means for the
// message, the person and the campaign.
func (e *Error) Failure() campaign.Failure {
	f := campaign.Failure{
		Code: e.Code, Reason: e.Reason, Detail: e.Hint, Said: Excerpt(e.Message), Wait: e.Wait,
		Invalid: e.Class == BadRequest, Unreachable: e.Suppress == SuppressSoft, Elsewhere: e.Elsewhere, Media: e.Media,
		WindowShut: e.WindowShut,
	}
	switch e.Class {
	case RetrySoon:
		f.Retry, f.Passing, f.Elsewhere = true, true, true
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
		f.Slows = e.Budget == TemplateBudget
	case Pause:
		f.Retry, f.Throttled, f.Pause, f.Elsewhere = true, true, pauses(e.Scope), true
	}
	switch e.Suppress {
	case SuppressAll:
		f.Suppress = campaign.ScopeAll
	case SuppressMarketing:
		f.Suppress = campaign.ScopeMarketing
	}
	return f
}

// Failure is what the receipt of a failure means; the zero one for other statuses.
func (r Receipt) Failure() campaign.Failure {
	if r.Status != campaign.Failed {
		return campaign.Failure{}
	}
	unexplained := &Error{Class: Drop, Reason: "unexplained", Hint: "the provider reported a failure without a reason"}
	return cmp.Or(r.Err, unexplained).Failure()
}

// pauses is the scope in the words of the domain. A refusal that must stop
// something and does not say what stops the number.
func pauses(s Scope) campaign.PauseScope {
	switch s {
	case TemplateScope:
		return campaign.PauseTemplate
	case AccountScope:
		return campaign.PauseAccount
	}
	return campaign.PauseChannel
}

// longestExcerpt is how much of a provider's text is kept, in characters: the
// longest of Meta's own messages with their details have about 300.
const longestExcerpt = 500

// Excerpt is a provider's text on one line and not too long: at most 500
// characters.
func Excerpt(text string) string { return campaign.OneLine(text, longestExcerpt) }
