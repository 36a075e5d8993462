package codes

import (
	"testing"

	"carillon/whatsapp"
)

func TestTheFirstRowThatFitsCounts(t *testing.T) {
	t.Parallel()
	table := Table{
		One(1).Sub(7).Means(Bad("sub", "")),
		One(1).In(InReceipt).Means(Bad("receipt", "")),
		One(1).Saying("Be Patient").Means(Bad("words", "")),
		One(1).Means(Bad("one", "")),
		Range(2, 4).Means(Bad("range", "")),
		Range(3, 9).Means(Bad("hidden in part", "")),
	}
	for _, test := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Code: 1}, "one"},
		{Fault{Code: 1, Subcode: 7}, "sub"},
		{Fault{Code: 1, Subcode: 8}, "one"},
		{Fault{Code: 1, Mode: InReceipt}, "receipt"},
		{Fault{Code: 1, Mode: InAnswer, Message: "please BE PATIENT now"}, "words"},
		{Fault{Code: 2}, "range"},
		{Fault{Code: 4}, "range"},
		{Fault{Code: 5}, "hidden in part"},
		{Fault{Code: 10}, ""},
	} {
		if meaning, ok := table.find(test.fault.Code, test.fault); meaning.Reason != test.want || ok != (test.want != "") {
			t.Errorf("%+v: got %q, %t", test.fault, meaning.Reason, ok)
		}
	}
}

func TestUnknownCodesGoByWhatElseIsKnown(t *testing.T) {
	t.Parallel()
	book := &Book{Others: Others{
		Transient: Bad("transient", ""), Throttled: Bad("throttled", ""), UnknownFault: Bad("fault", ""), UnknownCode: Bad("code", ""), NoVerdict: Bad("none", ""),
	}}
	for _, test := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Status: 400}, "code"}, {Fault{Status: 429}, "throttled"}, {Fault{Status: 500}, "fault"},
		{Fault{Status: 500, Transient: true}, "transient"}, {Fault{}, "code"},
	} {
		if got := book.Judge(test.fault).Reason; got != test.want {
			t.Errorf("%+v: got %q", test.fault, got)
		}
	}
	if got := book.JudgeStatus(Fault{Status: 500}).Reason; got != "none" {
		t.Errorf("a status in no row: got %q", got)
	}
	if _, ok := book.JudgeRelayed(Fault{Status: 500}); ok {
		t.Error("an empty table knew a fault")
	}
}

func TestARefusalHasWhatIsKnownOfTheFault(t *testing.T) {
	t.Parallel()
	got := Slow(whatsapp.PairBudget, 5, "slow", "Wait.").Of(Fault{Code: 7, Status: 400, Message: "no"})
	if got.Code != 7 || got.HTTPStatus != 400 || got.Message != "no" || got.Hint != "Wait." || got.Wait != 5 || got.Budget != whatsapp.PairBudget {
		t.Errorf("got %+v", got)
	}
}
