package contacts

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

func TestAgrees(t *testing.T) {
	yes := []string{
		"yes", "Y", " YES! ", "true", "TRUE", "1", "x", "X", "ok", "OK.", "opted in", "Opted-In", "opt_in", "optIn", "agreed", "I agree",
		"granted", "subscribed", "Double opt-in", "✓", "✔️", "✅", "☑",
		"sí", "Si", "SÍ", "S", "acepto", "De acuerdo", "suscrito", "verdadero",
		"sim", "aceito", "concordo",
		"oui", "OUI", "d'accord", "d’accord", "accepté", "abonné",
		"ja", "Ja.", "J", "einverstanden", "zugestimmt", "wahr",
		"sì", "accetto", "d'accordo", "vero", "iscritta", "akkoord",
		"2026-01-31", "2026-1-5", "31/01/2026", "1/31/2026", "31.01.2026", "2026/01/31", "20260131", "2026-01-31T09:30:00Z",
		"2026-01-31T09:30:00+01:00", "2026-01-31T09:30:00.123Z", "2026-01-31 09:30:00", "2026-01-31 09:30", "31/01/2026 09:30",
		"1/31/2026 9:30 PM", "2026-01-31 09:30:00+01:00", "2026-01-31 09:30:00 UTC",
	}
	no := []string{
		"", "-", "no", "N", "false", "FALSE", "0", "2", "nein", "non", "não", "off", "opt out", "opted out", "not opted in", "unsubscribed",
		"yes no", "yes?no", "unknown", "n/a", "null", "pending", "maybe", "no acepto", "nicht einverstanden", "✗", "❌", "?",
		"1899-12-30", "1970-01-01", "1970-01-01T00:00:00Z", "0000-00-00", "2026-02-30", "32/01/2026", "46053", "09:30", "2026-01-31 no",
		"2026-01-31 25:00", "+34600000001",
	}
	for _, cell := range yes {
		if !agrees(cell) {
			t.Errorf("%q is a yes", cell)
		}
	}
	for _, cell := range no {
		if agrees(cell) {
			t.Errorf("%q is no yes", cell)
		}
	}
}

func TestRowsWithoutConsent(t *testing.T) {
	const text = "Phone,Opt-in\n+4915123018622,Yes\n+4915123018623,no\n+4915123018624,\n12,yes\n+4915123018625,2026-01-31\n+493012345678,no\n"
	const way = "; write yes, or when the person agreed, if you have proof of it"
	type judged struct {
		Verdict campaign.Verdict
		Detail  string
	}
	rows := mustRead(t, mustOpen(t, list(t, text), campaign.ContactOptions{Consent: "opt in"}))
	var got []judged
	for _, row := range rows {
		if row.Verdict == campaign.Invalid {
			row.Detail = ""
		}
		got = append(got, judged{row.Verdict, row.Detail})
	}
	want := []judged{
		{campaign.OK, ""},
		{campaign.NoConsent, `column "Opt-in" says "no", which is not a yes` + way},
		{campaign.NoConsent, `column "Opt-in" is empty` + way},
		{campaign.Invalid, ""},
		{campaign.OK, ""},
		{campaign.NoConsent, `column "Opt-in" says "no", which is not a yes` + way},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows[1].Phone != "+4915123018623" || rows[1].Person == "" || rows[1].Admitted() {
		t.Errorf("got %+v", rows[1])
	}
	for _, row := range mustRead(t, mustOpen(t, list(t, text), campaign.ContactOptions{})) {
		if row.Verdict == campaign.NoConsent {
			t.Errorf("row %d: nobody asked for consent", row.Number)
		}
	}
}

// Cells of "no" look like Norwegian, days like numbers, and a header may have
// the words of any other column.
func TestConsentIsNoOtherColumn(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		name, consent, text   string
		phone, full, language int
	}{
		{"cells of no", "Consent", "Phone,Consent\n+4915123018622,no\n+4915123018623,no\n", 0, none, none},
		{"beside the language", "Consent", "Phone,Consent,Spoken\n+4915123018622,no,de\n+4915123018623,si,fr\n", 0, none, 2},
		{"a phone by its header", "WhatsApp OK", "WhatsApp OK,Tel\nyes,+4915123018623\n", 1, none, none},
		{"a phone by its cells", "OK", "OK,Kept\n20260131093000,+4915123018623\n", 1, none, none},
		{"a name by its header", "Name of witness", "Phone,Name of witness\n+4915123018622,yes\n", 0, none, none},
		{"a name by its cells", "OK", "Phone,OK\n+4915123018622,Opted In\n", 0, none, none},
		{"a language by its header", "Language OK", "Phone,Language OK\n+4915123018622,yes\n", 0, none, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := mustOpen(t, list(t, c.text), campaign.ContactOptions{Consent: c.consent}).Layout()
			if diff := cmp.Diff([]int{c.phone, c.full, c.language}, []int{l.Phone, l.FullName, l.Language}); diff != "" {
				t.Errorf("phone, name, language: -want +got:\n%s\n%q", diff, l.Guessed)
			}
		})
	}
}

func TestConsentOfAWorkbook(t *testing.T) {
	path := workbookOf(t, map[string][][]any{"Sheet1": {
		{"Phone", "Consent"},
		{"+4915123018622", true},
		{"+4915123018623", false},
		{"+4915123018624", time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)},
		{"+4915123018625", 1},
		{"+4915123018626", 0},
	}})
	var got []campaign.Verdict
	for _, row := range mustRead(t, mustOpen(t, path, campaign.ContactOptions{Consent: "Consent"})) {
		got = append(got, row.Verdict)
	}
	want := []campaign.Verdict{campaign.OK, campaign.NoConsent, campaign.OK, campaign.OK, campaign.NoConsent}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConsentWantsItsColumn(t *testing.T) {
	_, err := Open(list(t, "Phone,Name\n+4915123018622,Anna\n"), campaign.ContactOptions{Consent: "Opt-in"}, Limits{})
	var broken *Error
	if !errors.As(err, &broken) || broken.Column != "Opt-in" || !strings.Contains(broken.Problem, "contacts.consent") {
		t.Errorf("got %v", err)
	}
}
