package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/contacts"
)

// testExpires is how long a test message may still go out, where the number is
// busy (ours: later than that nobody looks at the telephone any more).
const testExpires = campaign.Duration(time.Hour)

// TestRequest says which message of a campaign goes to one's own number.
type TestRequest struct {
	// Campaign is the path of the campaign's file.
	Campaign string
	// Phone is the number that it goes to, with a plus and the country's code.
	Phone string
	// Contacts is the path of a list whose first row fills the columns; empty for
	// none.
	Contacts string
	// Media is the folder of the files that the list names; empty for that of the
	// campaign's file.
	Media string
	// Step counts from 1.
	Step int
	// Set fills columns, each as "Column=value"; it overrides the list.
	Set []string
}

// Testing is a test message under way.
type Testing struct {
	// Step is the message's step in the campaign's file, counted from 1.
	Step int `json:"step"`
	// Filled are the columns for which neither the list nor the caller had a
	// value.
	Filled []Filled `json:"filled"`
	// Preview is the message as it is sent.
	Preview Preview `json:"preview"`
	// Campaign is the campaign that was made for it.
	Campaign client.Campaign `json:"campaign"`
}

// String is the message with its values, in a line.
func (t Testing) String() string {
	message := t.Preview.Messages[0]
	text := fmt.Sprintf("step %d to %s: %s", t.Step, t.Preview.To, message.title())
	if len(t.Filled) > 0 {
		words := make([]string, len(t.Filled))
		for i, f := range t.Filled {
			words[i] = f.String()
		}
		text += "; filled in: " + strings.Join(words, ", ")
	}
	return text
}

// StartTest sends one message of a campaign to a number through the server: a
// campaign of its own, with one step and one recipient, to which the ordinary
// rules apply. What could not be sent as it is fails here, as a *UsageError.
func StartTest(ctx context.Context, c *client.Client, r TestRequest) (t Testing, err error) {
	written, err := readCampaign(r.Campaign)
	if err != nil {
		return t, err
	}
	if r.Step < 1 || r.Step > len(written.Steps) {
		return t, Usagef("%s has no step %d; its steps are 1 to %d", r.Campaign, r.Step, len(written.Steps))
	}
	one := onlyStep(written, r.Step)
	row, filled, err := testRow(written, one, r)
	if err != nil {
		return t, err
	}
	one.Contacts = row.options()
	text, err := json.Marshal(one)
	if err != nil {
		return t, err
	}
	list, err := row.text()
	if err != nil {
		return t, err
	}
	t = Testing{Step: r.Step, Filled: filled}
	files := map[string]bool{}
	if t.Preview, err = previewTest(list, one, r, files); err != nil {
		return t, err
	}
	source, done, err := openMedia(r.Campaign, r.Media, one)
	if err != nil {
		return t, err
	}
	defer done()
	up := client.Upload{Campaign: client.Text("campaign.json", text), Contacts: client.Text("contacts.csv", list)}
	up.Media = partsOf(files, source)
	t.Campaign, err = c.Launch(ctx, up)
	return t, err
}

// onlyStep is a campaign of one step of another, without whatever would hold it
// up: the steps before it, the hours, the campaign's own rate.
func onlyStep(written *campaign.Definition, step int) *campaign.Definition {
	message := written.Steps[step-1]
	message.After, message.When, message.Wait, message.Patience, message.Otherwise = "", nil, 0, 0, ""
	return &campaign.Definition{
		Name: "test: " + written.Name, Channel: written.ChannelNames()[0], Steps: []campaign.Step{message}, Expires: testExpires,
	}
}

// previewTest reads the list as the server will, and renders the message. It
// notes the message's files.
func previewTest(list []byte, one *campaign.Definition, r TestRequest, files map[string]bool) (Preview, error) {
	file, err := contacts.Scratch()
	if err != nil {
		return Preview{}, fmt.Errorf("test: %w; set TMPDIR to a writable folder", err)
	}
	defer func() { _ = file.Close() }() // it was for the reader alone
	if _, err := file.Write(list); err != nil {
		return Preview{}, fmt.Errorf("test: %w", err)
	}
	reader, err := contacts.OpenFile(file, one.Contacts, contacts.DefaultLimits())
	if err != nil {
		return Preview{}, Usagef("the number and the values: %w", err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	row, err := reader.Next()
	if errors.Is(err, io.EOF) {
		return Preview{}, Usagef("the number is missing; write the number that gets the message, such as +4915123018622")
	}
	if err != nil {
		return Preview{}, Usagef("the number and the values: %w", err)
	}
	if !row.Admitted() {
		return Preview{}, Usagef("%q cannot be sent to: %s", r.Phone, orElse(row.Detail, string(row.Verdict)))
	}
	renderer, err := reader.Compile(one)
	if err != nil {
		return Preview{}, unusable(r.Campaign, err)
	}
	var wrong strings.Builder
	for _, p := range renderer.Check(row.Values) {
		p.Step = r.Step - 1
		fmt.Fprintf(&wrong, "%s: %s\n", r.Campaign, p)
	}
	for at, fault := range row.Faults {
		fmt.Fprintf(&wrong, "%s: column %q: %s\n", r.Campaign, reader.Layout().Columns[at], fault)
	}
	if wrong.Len() > 0 {
		return Preview{}, Usagef("%sgive another value with --set \"Column=value\"", wrong.String())
	}
	for _, name := range renderer.Files(0, row.Values) {
		files[name] = true
	}
	rendered, err := previewOf(renderer, 0, &one.Steps[0], row.Values)
	rendered.Step = r.Step
	return Preview{Row: row.Number, To: row.Phone, Messages: []PreviewMessage{rendered}}, err
}
