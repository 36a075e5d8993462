package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/whatsapp"
)

// The examples of the documentation, and one message for each kind of component and
// of content.

// pablo is the row that the examples are rendered for.
func pablo() (columns, values []string) {
	return []string{"Name", "Order", "Code", "Version"}, []string{"Pablo", "SKBUP2-4CPIG9", "J7F2P", "abc123"}
}

// answered is the message that the examples quote and react to.
const answered = "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA="

// rendered is the message of the first step of an example's file, for Pablo.
func rendered(t *testing.T, name string) whatsapp.Message {
	t.Helper()
	definition, err := campaign.Parse(fixture(t, name))
	if err != nil {
		t.Fatal(err)
	}
	columns, values := pablo()
	renderer, err := definition.Compile(columns)
	if err != nil {
		t.Fatal(err)
	}
	m := whatsapp.Message{To: "+16505551234", Reference: "4503599627370512.1"}
	step := definition.Steps[0]
	if !step.FreeForm() {
		if m.Template, err = renderer.Render(0, values); err != nil {
			t.Fatal(err)
		}
		return m
	}
	free, err := renderer.RenderFree(0, values)
	if err != nil {
		t.Fatal(err)
	}
	if step.Reply || step.Reaction != nil {
		free.Answers = answered
	}
	m.Free = &free
	return m
}

// exampleClient is the documentation's number.
func exampleClient(t *testing.T, base string) *Client {
	t.Helper()
	return newClient(t, base, func(s *Settings) {
		s.APIVersion, s.PhoneNumberID, s.AccessToken = "v20.0", "106540352242922", "EAAJB"
	})
}

// TestExamples makes of each step the request that is recorded beside it:
// address, token and body.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		name := "examples/" + filepath.Base(file)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			head, want, _ := strings.Cut(string(fixture(t, strings.TrimSuffix(name, ".yaml")+".http")), "\n\n")
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := r.Method + " " + r.URL.Path + "\nContent-Type: " + r.Header.Get("Content-Type") + "\nAuthorization: " + r.Header.Get("Authorization")
				if diff := cmp.Diff(head, got); diff != "" {
					t.Error(diff)
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(document(t, []byte(want)), document(t, body)); diff != "" {
					t.Error(diff)
				}
				_, _ = w.Write(fixture(t, "accepted.json"))
			}))
			defer server.Close()
			if _, err := exampleClient(t, server.URL).Send(t.Context(), rendered(t, name)); err != nil {
				t.Error(err)
			}
		})
	}
}

// document is what a JSON text holds; numbers keep their digits.
func document(t *testing.T, text []byte) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Errorf("%v in %s", err, text)
	}
	return value
}

// TestResponseExamples are the answer to a message, and the one that also tells
// that its template is paced.
func TestResponseExamples(t *testing.T) {
	for name, held := range map[string]bool{"accepted.json": false, "paced.json": true} {
		server := api(t, http.StatusOK, nil, string(fixture(t, name)))
		got, err := exampleClient(t, server.URL).Send(t.Context(), letter())
		want := whatsapp.Accepted{
			ID:        "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI4MjZGRDA0OUE2OTQ3RkEyMzcA",
			Recipient: whatsapp.Who{Phone: "16505551234"}, Held: held,
		}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}
