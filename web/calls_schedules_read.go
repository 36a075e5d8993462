package web

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/ledger"
)

// scheduleName is what a schedule may be called.
var scheduleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// readSchedule reads a schedule with its first slot. Whatever is wrong with it is
// told at once.
func (s *Server) readSchedule(w http.ResponseWriter, r *http.Request) (ledger.NewSchedule, error) {
	const most = 2*maxDefinition + 64<<10 // a text has more bytes in JSON
	const hint = `send {"name": "daily", "campaign": "name: …", "contacts": {"file": "list.csv"}, "cron": "0 9 * * *"}`
	var q api.NewSchedule
	if err := readJSON(w, r, most, hint, &q); err != nil {
		return ledger.NewSchedule{}, err
	}
	wanted := campaign.Schedule{
		Name: q.Name, Campaign: q.Campaign, Contacts: q.Contacts, Cron: q.Cron, Zone: q.Zone, Overlap: q.Overlap, CatchUp: q.CatchUp,
	}
	faults := s.faultsOf(r.Context(), q)
	next, err := s.nextSlot(ledger.Schedule{Schedule: wanted, Origin: ledger.FromAPI}, s.now())
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			faults = append(faults, api.Fault{Detail: strings.TrimSpace(line)})
		}
	}
	if len(faults) > 0 {
		details := make([]string, len(faults))
		for i, f := range faults {
			details[i] = strings.TrimPrefix(f.Path+": "+f.Detail, ": ")
		}
		p := refuse(badSchedule, "correct it and send it again; nothing was changed", "%s", strings.Join(details, "\n"))
		p.Errors = faults
		return ledger.NewSchedule{}, p
	}
	return ledger.NewSchedule{Schedule: wanted, Next: next}, nil
}

// faultsOf is everything wrong with a schedule but for its times and its list.
func (s *Server) faultsOf(ctx context.Context, q api.NewSchedule) []api.Fault {
	var faults []api.Fault
	if !scheduleName.MatchString(q.Name) {
		faults = append(faults, api.Fault{Path: "name", Detail: "must start with a letter or digit and contain only letters, digits, - and _, at most 64 characters"})
	}
	faults = append(faults, s.faultsOfCampaign(ctx, q.Campaign)...)
	if !slices.Contains([]campaign.Overlap{"", campaign.OverlapSkip, campaign.OverlapQueue, campaign.OverlapParallel}, q.Overlap) {
		faults = append(faults, api.Fault{Path: "overlap", Detail: "write skip, queue or parallel"})
	}
	if !slices.Contains([]campaign.CatchUp{"", campaign.CatchUpNone, campaign.CatchUpLast, campaign.CatchUpAll}, q.CatchUp) {
		faults = append(faults, api.Fault{Path: "catch_up", Detail: "write none, last or all"})
	}
	return faults
}

func (s *Server) faultsOfCampaign(ctx context.Context, text string) []api.Fault {
	const path = "campaign"
	if len(text) > maxDefinition {
		return []api.Fault{{Path: path, Detail: "has more than 1 MiB"}}
	}
	admitted, err := s.door.Read([]byte(text))
	if err == nil {
		_, err = s.door.Approve(ctx, admitted.Definition, s.now())
	}
	var channel *admission.UnknownChannelError
	if errors.As(err, &channel) {
		return []api.Fault{{Path: path, Detail: channel.Error()}}
	}
	var faults []api.Fault
	for _, m := range mistakes(err) {
		faults = append(faults, api.Fault{Line: m.Line, Path: path, Detail: m.Error()})
	}
	return faults
}
