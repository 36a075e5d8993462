package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

const (
	first  = "order_update"
	second = "order_feedback"
)

// scene is a truth and the report that goes with it.
type scene struct {
	truth   Truth
	records []Record
	rate    float64
}

// at is a time in the scene.
func at(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// got is a receipt that was posted and answered.
func got(s campaign.Status, seconds float64) Receipt {
	return Receipt{Status: s, Posted: at(seconds), Answered: at(seconds)}
}

// goodScene is a campaign of two steps to three people, without a fault: the
// second person's first message failed and was sent again, and the third one's
// failed for good.
func goodScene() *scene {
	ana, bo, cy := "+447700900001", "+447700900002", "+447700900003"
	delivered := []Receipt{got(campaign.Sent, 2), got(campaign.Delivered, 3)}
	s := &scene{rate: 1}
	s.truth.Messages = []Message{
		{ID: "a1", To: ana, Template: first, At: at(1), Receipts: delivered},
		{ID: "b1", To: bo, Template: first, At: at(2), Receipts: []Receipt{got(campaign.Sent, 3), got(campaign.Failed, 4)}},
		{ID: "c1", To: cy, Template: first, At: at(3), Receipts: []Receipt{got(campaign.Failed, 4)}},
		{ID: "a2", To: ana, Template: second, At: at(4), Receipts: []Receipt{got(campaign.Sent, 5), got(campaign.Delivered, 6), got(campaign.Read, 7)}},
		{ID: "b1b", To: bo, Template: first, At: at(5), Receipts: []Receipt{got(campaign.Sent, 6), got(campaign.Delivered, 7)}},
		{ID: "b2", To: bo, Template: second, At: at(8)},
	}
	for _, m := range s.truth.Messages {
		s.truth.Arrivals = append(s.truth.Arrivals, m.At)
	}
	s.records = []Record{
		{To: ana, Template: first, Step: 0, Status: campaign.Delivered, MessageID: "a1", Admitted: true},
		{To: bo, Template: first, Step: 0, Status: campaign.Delivered, MessageID: "b1b", Admitted: true},
		{To: cy, Template: first, Step: 0, Status: campaign.Failed, MessageID: "c1", Admitted: true},
		{To: ana, Template: second, Step: 1, Status: campaign.Read, MessageID: "a2", Admitted: true},
		{To: bo, Template: second, Step: 1, Status: campaign.Accepted, MessageID: "b2", Admitted: true},
		{To: cy, Template: second, Step: 1, Status: campaign.Skipped, Admitted: true},
		{To: "n/a", Status: campaign.Rejected},
	}
	return s
}

func (s *scene) audit() Audit {
	return s.truth.Audit(slices.Values(s.records), []string{first, second}, s.rate)
}

// stopped has a person say something, which is answered at a time; 0 is never.
func stopped(person string, kind Kind, answered float64) func(*scene) {
	return func(s *scene) {
		posted := max(answered-0.5, 0.1)
		s.truth.Inbound = append(s.truth.Inbound, Inbound{
			Kind: kind, Person: person, At: at(posted), Posted: at(posted), Answered: at(answered),
		})
	}
}

func TestAuditTellsOfStopsWhereThereWereSome(t *testing.T) {
	t.Parallel()
	s := goodScene()
	if text := s.audit().String(); strings.Contains(text, "after a stop") {
		t.Errorf("it speaks of stops:\n%s", text)
	}
	stopped("+447700900001", Stop, 9)(s)
	if a := s.audit(); a.Stopped != 1 || !strings.Contains(a.String(), "after a stop") {
		t.Errorf("it does not speak of the stop:\n%s", a)
	}
}

// TestAuditKnowsTwins: a STOP from one form of a number is about the other.
func TestAuditKnowsTwins(t *testing.T) {
	t.Parallel()
	truth := Truth{
		Messages: []Message{{ID: "a1", To: "+5511987654321", Template: first, At: at(9)}},
		Inbound:  []Inbound{{Kind: Stop, Person: "+551187654321", At: at(1), Posted: at(1), Answered: at(1)}},
	}
	record := Record{To: "+5511987654321", Template: first, Status: campaign.Sent, MessageID: "a1", Admitted: true}
	if a := truth.Audit(slices.Values([]Record{record}), []string{first}, 0); a.AfterStop != 1 {
		t.Errorf("it was not found:\n%s", a)
	}
}

func TestAuditOfAGoodCampaign(t *testing.T) {
	t.Parallel()
	a := goodScene().audit()
	want := Audit{Accepted: 6, Recipients: 3, PeakPerSecond: 1, MeanPerSecond: 5.0 / 7}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if !a.OK() || strings.Contains(a.String(), "BROKEN") {
		t.Errorf("found something:\n%s", a)
	}
}

// TestAuditFindsWhatIsPlanted breaks the good campaign in one way at a time.
func TestAuditFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant func(*scene)
		want  Audit // the counts of findings
	}{
		"sent twice": {func(s *scene) {
			s.truth.Messages = append(s.truth.Messages, Message{ID: "a1b", To: "+447700900001", Template: first, At: at(9)})
		}, Audit{Duplicates: 1}},
		"sent again before the failure was taken": {func(s *scene) {
			s.truth.Messages[1].Receipts[1].Answered = at(5.5)
		}, Audit{Duplicates: 1}},
		"sent again after a failure nobody took": {func(s *scene) {
			s.truth.Messages[1].Receipts[1].Answered = 0
		}, Audit{Duplicates: 1}},
		"claimed without a message":      {func(s *scene) { s.records[5].Status = campaign.Sent }, Audit{Lost: 1}},
		"undelivered without a message":  {func(s *scene) { s.records[5].Status = campaign.Undelivered }, Audit{Lost: 1}},
		"claimed with another id":        {func(s *scene) { s.records[0].MessageID = "zz" }, Audit{Lost: 1}},
		"record gone":                    {func(s *scene) { s.records = slices.Delete(s.records, 3, 4) }, Audit{Lost: 1}},
		"record says failed":             {func(s *scene) { s.records[4].Status = campaign.Failed }, Audit{Lost: 1}},
		"record says skipped":            {func(s *scene) { s.records[4].Status = campaign.Skipped }, Audit{Lost: 1}},
		"record says expired":            {func(s *scene) { s.records[0].Status = campaign.Expired }, Audit{Lost: 1}},
		"record is not final: pending":   {func(s *scene) { s.records[5].Status = campaign.Pending }, Audit{Lost: 1}},
		"record is not final: waiting":   {func(s *scene) { s.records[5].Status = campaign.Waiting }, Audit{Lost: 1}},
		"record is not final: posting":   {func(s *scene) { s.records[4].Status = campaign.Posting }, Audit{Lost: 1}},
		"record is not final: unknown":   {func(s *scene) { s.records[4].Status = campaign.Unknown }, Audit{Lost: 1}},
		"record is not final: held":      {func(s *scene) { s.records[4].Status = campaign.Held }, Audit{Lost: 1}},
		"delivered lost":                 {func(s *scene) { s.records[0].Status = campaign.Sent }, Audit{Lost: 1}},
		"delivered lost, record gave up": {func(s *scene) { s.records[0].Status = campaign.Undelivered }, Audit{Lost: 1}},
		"read lost":                      {func(s *scene) { s.records[3].Status = campaign.Delivered }, Audit{Lost: 1}},
		"failed lost":                    {func(s *scene) { s.records[2].Status = campaign.Accepted }, Audit{Lost: 1}},
		"more is recorded than was told": {func(s *scene) { s.records[4].Status = campaign.Delivered }, Audit{}},
		"before delivered":               {func(s *scene) { s.truth.Messages[0].Receipts[1].Posted = at(4.5) }, Audit{OutOfOrder: 1}},
		"with nothing but sent":          {func(s *scene) { s.truth.Messages[0].Receipts[1] = got(campaign.Failed, 9) }, Audit{OutOfOrder: 1, Lost: 1}},
		"without a first step":           {func(s *scene) { s.truth.Messages[0].Template, s.records[0].Template = "other", "other" }, Audit{OutOfOrder: 1}},
		"after read alone": {func(s *scene) {
			s.truth.Messages[0].Receipts[1].Status, s.records[0].Status = campaign.Read, campaign.Read
		}, Audit{}},
		"to somebody else":  {func(s *scene) { s.truth.Messages[5].To = "+447700900099" }, Audit{WrongPerson: 1, OutOfOrder: 1, Lost: 1}},
		"to a rejected row": {func(s *scene) { s.records[2].Admitted, s.records[5].Admitted = false, false }, Audit{WrongPerson: 1}},
		"too fast":          {func(s *scene) { s.truth.Arrivals = []time.Duration{at(1), at(1.1), at(1.2), at(1.3)} }, Audit{OverRate: 2}},
		"refused requests are fast as well": {func(s *scene) {
			s.truth.Arrivals = append([]time.Duration{at(0.1), at(0.2), at(0.3), at(0.4)}, s.truth.Arrivals...)
		}, Audit{OverRate: 3}},
		"two in every second":             {func(s *scene) { s.truth.Arrivals = []time.Duration{at(1), at(1.5), at(2), at(2.5)} }, Audit{}},
		"no limit":                        {func(s *scene) { s.rate, s.truth.Arrivals = 0, make([]time.Duration, 9) }, Audit{}},
		"lost on the way by the provider": {func(s *scene) { s.truth.Messages[5].Receipts = []Receipt{{Status: campaign.Delivered, Lost: true}} }, Audit{}},
		// The second person's last message comes at 8 s; the first is written to
		// at 1 s and 4 s.
		"after a stop":                      {stopped("+447700900002", Stop, 6.9), Audit{AfterStop: 1}},
		"a stop that was answered just now": {stopped("+447700900002", Stop, 7), Audit{}},
		"a stop that nobody took":           {stopped("+447700900002", Stop, 0), Audit{}},
		"a stop of the first between":       {stopped("+447700900001", Stop, 2), Audit{AfterStop: 1}},
		"somebody else's stop":              {stopped("+447700900009", Stop, 2), Audit{}},
		"a stop of marketing":               {stopped("+447700900002", StopMarketing, 2), Audit{}},
		"marketing after a stop of it": {func(s *scene) {
			s.records[4].Marketing = true
			stopped("+447700900002", StopMarketing, 2)(s)
		}, Audit{AfterStop: 1}},
		"an answer is no stop": {stopped("+447700900002", Answer, 2), Audit{}},
		"a stop and a start": {func(s *scene) {
			stopped("+447700900002", Stop, 2)(s)
			stopped("+447700900002", Start, 7.9)(s)
		}, Audit{AfterStop: 1}}, // the message of 5 s
		"a start that came too late": {func(s *scene) {
			stopped("+447700900002", Stop, 5)(s)
			stopped("+447700900002", Start, 8.6)(s)
		}, Audit{AfterStop: 1}},
		"a start before the stop": {func(s *scene) {
			stopped("+447700900002", Start, 4.5)(s)
			stopped("+447700900002", Stop, 5)(s)
		}, Audit{AfterStop: 1}},
		"marketing wanted again": {func(s *scene) {
			s.records[4].Marketing = true
			stopped("+447700900002", StopMarketing, 5)(s)
			stopped("+447700900002", WantMarketing, 7)(s)
		}, Audit{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := goodScene()
			c.plant(s)
			a := s.audit()
			found := Audit{Duplicates: a.Duplicates, Lost: a.Lost, OutOfOrder: a.OutOfOrder, WrongPerson: a.WrongPerson, AfterStop: a.AfterStop, OverRate: a.OverRate}
			if diff := cmp.Diff(c.want, found); diff != "" {
				t.Errorf("%s\n%s", diff, a)
			}
			if a.OK() != cmp.Equal(c.want, Audit{}) || a.OK() == strings.Contains(a.String(), "BROKEN") {
				t.Errorf("OK is %v:\n%s", a.OK(), a)
			}
			if !a.OK() && len(a.Examples) == 0 {
				t.Error("no example is told")
			}
		})
	}
}

func TestAuditOfStepsThatShareATemplate(t *testing.T) {
	t.Parallel()
	recipient := campaign.NewID().Recipient(1)
	message := func(id string, step int, seconds float64) Message {
		return Message{
			ID: id, To: "+447700900001", Template: first, Reference: recipient.Message(step).Reference(1), At: at(seconds),
			Receipts: []Receipt{got(campaign.Delivered, seconds+1)},
		}
	}
	truth := Truth{Messages: []Message{message("a1", 0, 1), message("a2", 1, 3)}}
	records := []Record{
		{To: "+447700900001", Template: first, Step: 0, Status: campaign.Delivered, MessageID: "a1", Admitted: true},
		{To: "+447700900001", Template: first, Step: 1, Status: campaign.Delivered, MessageID: "a2", Admitted: true},
	}
	steps := []string{first, first}
	if a := truth.Audit(slices.Values(records), steps, 0); !a.OK() {
		t.Errorf("found something:\n%s", a)
	}
	truth.Messages[1].At = at(1.5)
	if a := truth.Audit(slices.Values(records), steps, 0); a.OutOfOrder != 1 {
		t.Errorf("not out of order:\n%s", a)
	}
}

func TestAuditTellsFewExamples(t *testing.T) {
	t.Parallel()
	s := goodScene()
	for i := range 100 {
		s.truth.Messages = append(s.truth.Messages, Message{ID: fmt.Sprint(i), To: "+15550000000", Template: first, At: at(9)})
	}
	a := s.audit()
	if a.WrongPerson != 100 || a.Duplicates != 99 || len(a.Examples) != 2*maxExamples {
		t.Errorf("%d wrong, %d twice, examples %q", a.WrongPerson, a.Duplicates, a.Examples)
	}
}

// TestTruthOverHTTP reads the truth as another process does, and audits what a
// sender without any memory makes of the simulator's faults.
func TestTruthOverHTTP(t *testing.T) {
	t.Parallel()
	o := Options{
		Faults:   Faults{Undeliverable: 0.2, Throttle: 0.3, Reply: 0.1, StopStart: 0.1, PreferenceStop: 0.1},
		Receipts: ReceiptOptions{Delay: time.Second, Read: 0.5, Duplicate: 0.2, Lost: 0.1},
	}
	simulate(t, o, func(s *Simulator, h *hook) {
		for i := range pageSize + 100 {
			send(s, phone(i), first, phone(i))
		}
		drain(t, s)
		want := s.Truth()
		var read Truth
		if err := json.Unmarshal(call(s, "GET", "/truth", "").Body.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read); diff != "" {
			t.Error(diff)
		}
		refused := 0
		for _, n := range want.Counts.Refused {
			refused += n
		}
		if want.Counts.Accepted != len(want.Messages) || want.Counts.Refused[codeIn(s.options.Dialect, 130429)]+want.Counts.Refused[1000]+want.Counts.Refused[133000] == 0 || refused != want.Counts.Requests-len(want.Messages) {
			t.Errorf("counts %+v of %d messages", want.Counts, len(want.Messages))
		}
		if len(want.Inbound) == 0 {
			t.Error("nobody said anything")
		}
		if a := want.Audit(h.records(want), []string{first}, 0); !a.OK() {
			t.Errorf("the receipts and the truth differ:\n%s", a)
		}
	})
}

func TestEmptyTruthOverHTTP(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	defer s.Close()
	var read Truth
	if err := json.Unmarshal(call(s, "GET", "/truth", "").Body.Bytes(), &read); err != nil || len(read.Messages) != 0 {
		t.Errorf("read %+v: %v", read, err)
	}
}

// records is the report of a receiver that believes every receipt.
func (h *hook) records(truth Truth) func(func(Record) bool) {
	best := map[string]campaign.Status{}
	for _, r := range h.told {
		s, err := campaign.ParseStatus(r.Status)
		if err != nil {
			h.t.Error(err)
		}
		best[r.ID] = max(best[r.ID], s)
	}
	return func(yield func(Record) bool) {
		for _, m := range truth.Messages {
			status := max(best[m.ID], campaign.Accepted)
			if !yield(Record{To: m.To, Template: m.Template, Status: status, MessageID: m.ID, Admitted: true}) {
				return
			}
		}
	}
}
