package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"carillon/api"
	"carillon/campaign"
)

// filteredWorkbook has three people, of whom the second does not show.
func filteredWorkbook(t *testing.T) string {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range [][]any{{"Phone", "Name"}, {"+4915112345601", "Ada"}, {"+4915112345602", "Grace"}, {"+4915112345603", "Edsger"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetRowVisible("Sheet1", 3, false); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The answer to an upload says what was taken for what, and how many people the list
// hides. None of their values is logged.
func TestUploadTellsWhatWasTaken(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := start(t, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	list := filteredWorkbook(t)
	answer := f.do(multipartCall("/api/campaigns", "", part{"campaign", twoSteps}, part{"contacts", list}))
	wantStatus(t, answer, http.StatusCreated)
	got := decode[api.Created](t, answer)
	if got.Verdicts[campaign.OK] != 2 || got.Layout.HiddenRows != 1 || got.Layout.Sheet != "Sheet1" {
		t.Errorf("%v, %+v", got.Verdicts, got.Layout)
	}
	want := []campaign.TakenColumn{
		{Column: "Phone", As: []string{"phone"}, Cells: []string{"+4915112345601", "+4915112345603"}},
		{Column: "Name", As: []string{"name", "placeholder"}, Cells: []string{"Ada", "Edsger"}},
	}
	if diff := cmp.Diff(want, got.Layout.Taken); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, value := range []string{"Ada", "Edsger", "Grace", "12345601"} {
		if strings.Contains(log.String(), value) {
			t.Errorf("%s is logged:\n%s", value, log.String())
		}
	}
	all := decode[api.Created](t, f.do(multipartCall("/api/campaigns", "", part{"campaign", twoSteps + "contacts: {include_hidden: true}\n"}, part{"contacts", list})))
	if all.Verdicts[campaign.OK] != 3 || all.Layout.HiddenRows != 0 {
		t.Errorf("with include_hidden: %v, %+v", all.Verdicts, all.Layout)
	}
}

// Whoever wants to be left alone is, also where the row is hidden.
func TestSuppressHiddenRows(t *testing.T) {
	t.Parallel()
	f := start(t, nil)
	if done := decode[api.Suppressed](t, f.suppress("", "text/csv", filteredWorkbook(t))); done.Suppressed != 3 {
		t.Errorf("%+v", done)
	}
}
