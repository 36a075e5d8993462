package api

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

func TestProblemsTellTheirKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		document, text string
		kind           Kind
	}{
		{`{"type":"urn:carillon:problem:wrong-state","title":"Not possible","status":409,"detail":"it has ended","hint":"launch another"}`, "it has ended (launch another)", WrongState},
		{`{"type":"about:blank","title":"Bad gateway","status":502}`, "Bad gateway", ""},
	} {
		var p Problem
		if err := json.Unmarshal([]byte(test.document), &p); err != nil {
			t.Fatal(err)
		}
		if p.Kind() != test.kind || p.Error() != test.text {
			t.Errorf("%q, %s; want %q, %s", p.Kind(), p.Error(), test.kind, test.text)
		}
	}
	if WrongState.Type() != "urn:carillon:problem:wrong-state" {
		t.Error(WrongState.Type())
	}
}

// TestStatusesOfALaterVersion: what is not known is passed over, and the rest read.
func TestStatusesOfALaterVersion(t *testing.T) {
	t.Parallel()
	var c Campaign
	if err := json.Unmarshal([]byte(`{"state":"dreaming","counts":{"read":3,"pondered":4}}`), &c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(campaign.Counts{campaign.Read: 3}, c.Counts); diff != "" || c.State != "dreaming" {
		t.Error(c.State, diff)
	}
}
