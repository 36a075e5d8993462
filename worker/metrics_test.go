package worker

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"carillon/ledger"
	"carillon/whatsapp"
)

// measure gives the stand metrics of its own, and returns a reader: by the value
// of the label that is not the channel ("" where there is none), a metric's
// counter, or a histogram's number and sum.
func (s *stand) measure(t *testing.T) func(name, label string) map[string][2]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	s.metrics = NewMetrics(registry, map[string][]string{"main": nil})
	return func(name, label string) map[string][2]float64 {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string][2]float64{}
		for _, family := range families {
			if family.GetName() != name {
				continue
			}
			for _, metric := range family.GetMetric() {
				value := ""
				for _, pair := range metric.GetLabel() {
					if pair.GetName() == label {
						value = pair.GetValue()
					}
				}
				histogram := metric.GetHistogram()
				found[value] = [2]float64{metric.GetCounter().GetValue() + float64(histogram.GetSampleCount()), histogram.GetSampleSum()}
			}
		}
		return found
	}
}

func TestSendsAreCountedByTheClassOfTheirAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []error
		want    map[string]float64
	}{
		"accepted":               {nil, map[string]float64{"accepted": 1}},
		"refused":                {[]error{&whatsapp.Error{Class: whatsapp.Drop, Reason: "undeliverable"}}, map[string]float64{"drop": 1}},
		"accepted when repeated": {[]error{&whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "busy"}}, map[string]float64{"retry_soon": 1, "accepted": 1}},
		"without an answer":      {[]error{errDone}, map[string]float64{"ambiguous": 1}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := newStand(80)
			s.provider.answers = c.answers
			read := s.measure(t)
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
			sends := read("carillon_answers_total", "class")
			if len(sends) != len(classes()) {
				t.Errorf("%d classes, want all %d", len(sends), len(classes()))
			}
			for class, got := range sends {
				if got[0] != c.want[class] {
					t.Errorf("%s: %v, want %v", class, got[0], c.want[class])
				}
			}
		})
	}
}

// The second of two messages waits for its departure, which the first has put off
// by a second.
func TestTheWaitForADepartureIsMeasured(t *testing.T) {
	t.Parallel()
	bubble(t, "two at one a second", func(t *testing.T) {
		s := newStand(1)
		read := s.measure(t)
		for range 2 {
			if err := s.run(t); err != nil {
				t.Fatal(err)
			}
		}
		waits := read("carillon_departure_wait_seconds", "")[""]
		if waits[0] != 2 || waits[1] < 0.9 || waits[1] > 1.1 {
			t.Errorf("%v waits of %v seconds in all, want 2 of one second", waits[0], waits[1])
		}
		if refused := read("carillon_claims_refused_total", "reason"); len(refused) != len(ledger.RefusalReasons()) {
			t.Errorf("%d reasons of refused claims are there from the start, want %d", len(refused), len(ledger.RefusalReasons()))
		}
	})
}
