package campaign

import "time"

// testExpires is how long a test message may still go out, where the number is
// busy (ours: later than that nobody looks at the telephone any more).
const testExpires = Duration(time.Hour)

// Test is a campaign of one step of another, counted from 1, without whatever would
// hold it up: the steps before it, the hours, the campaign's own rate.
func (d *Definition) Test(step int) *Definition {
	message := d.Steps[step-1]
	message.After, message.When, message.Wait, message.Patience, message.Otherwise = "", nil, 0, 0, ""
	return &Definition{Name: "test: " + d.Name, Channel: d.ChannelNames()[0], Steps: []Step{message}, Expires: testExpires}
}
