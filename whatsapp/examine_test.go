package whatsapp

import (
	"net/http"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 9, 0, 0, 600e6, time.UTC)
	for name, test := range map[string]struct {
		told, ended time.Time
		want        time.Duration
	}{
		"the same second":      {began.Truncate(time.Second), began, 0},
		"the next one":         {began.Add(time.Second), began.Add(500 * time.Millisecond), 0},
		"during a long answer": {began.Add(20 * time.Second), began.Add(30 * time.Second), 0},
		"ahead":                {began.Add(time.Minute), began.Add(time.Second), 58 * time.Second},
		"behind":               {began.Add(-time.Minute), began.Add(time.Second), -59 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var c Clock
			c.Read(http.Header{"Date": {test.told.Format(http.TimeFormat)}}, began, test.ended)
			if !c.Known || c.Ahead != test.want {
				t.Errorf("got %+v, want %v ahead", c, test.want)
			}
		})
	}
	var c Clock
	c.Read(http.Header{"Date": {"noon"}}, began, began)
	if c.Known {
		t.Error("a date that is none tells a time")
	}
}

func TestRefusedExaminations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		refusal *Error
		state   Health
		found   string
		todo    string
	}{
		{&Error{Class: RetrySoon, Reason: "unreachable", Cause: http.ErrServerClosed}, Ill,
			"the provider does not answer: unreachable: http: Server closed", "check base_url, the network and its proxy"},
		{&Error{Class: RetrySlow, HTTPStatus: 429, Message: "slow down"}, Doubtful,
			"the provider refuses because of a limit: slow down", "try again later; sending waits by itself"},
		{&Error{Class: Ambiguous, HTTPStatus: 502, Message: "Bad Gateway"}, Ill,
			"the provider cannot answer: Bad Gateway", "try again in a few minutes; check base_url if it lasts"},
		{&Error{Class: Pause, HTTPStatus: 401, Code: 190, Message: "expired", Hint: "make a new one"}, Ill, "refused: expired", "make a new one"},
	} {
		var e Examination
		e.Refused("token", test.refusal)
		want := Finding{About: "token", State: test.state, Found: test.found, Todo: test.todo}
		if len(e.Findings) != 1 || e.Findings[0] != want {
			t.Errorf("got %+v, want %+v", e.Findings, want)
		}
	}
}
