package campaign

// State is where a campaign stands.
type State string

const (
	// Draft: imported, nothing is sent yet.
	Draft State = "draft"
	// Scheduled: starts by itself at a given time.
	Scheduled State = "scheduled"
	// Running: messages go out.
	Running State = "running"
	// Paused: nothing goes out until somebody resumes it. Clocks run on.
	Paused State = "paused"
	// Finished: nothing in it can cause another request to a provider.
	Finished State = "finished"
	// Cancelled: what was not sent will not be.
	Cancelled State = "cancelled"
)

// States are all there are, in the order in which a campaign may take them.
func States() []State {
	return []State{Draft, Scheduled, Running, Paused, Finished, Cancelled}
}

// Action is what a person does to a campaign.
type Action string

// The actions, named as in the HTTP API.
const (
	Start  Action = "start"
	Pause  Action = "pause"
	Resume Action = "resume"
	Cancel Action = "cancel"
)

// Do returns the state after an action and whether it is allowed. Repeating an
// action is allowed and changes nothing, for a client may repeat a request
// whose answer it lost.
func (s State) Do(a Action) (State, bool) {
	switch a {
	case Start:
		switch s {
		case Draft, Scheduled, Running:
			return Running, true
		}
	case Pause:
		switch s {
		case Running, Paused:
			return Paused, true
		}
	case Resume:
		switch s {
		case Paused, Running:
			return Running, true
		}
	case Cancel:
		switch s {
		case Draft, Scheduled, Running, Paused, Cancelled:
			return Cancelled, true
		}
	}
	return s, false
}

// Ended reports whether the campaign sends nothing any more by itself.
func (s State) Ended() bool { return s == Finished || s == Cancelled }
