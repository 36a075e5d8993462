package campaign

import "time"

// TimeToLive is how long the provider goes on trying to deliver the step, with
// the buffer in which a late failure may still arrive. A free-form step has the
// longest of what it may send, which is that of its content. Source: Meta,
// templates/time-to-live: what the template was made with, else 10 minutes for
// authentication and 30 days for the others; the buffers of 5 minutes and one
// hour are ours.
func (s Step) TimeToLive() time.Duration {
	usual, buffer := 30*24*time.Hour, time.Hour
	if s.Category == Authentication && !s.FreeForm() {
		usual, buffer = 10*time.Minute, 5*time.Minute
	}
	if s.TTL > 0 {
		usual = time.Duration(s.TTL)
	}
	return usual + buffer
}

// longestLife is how long a message is tried at most, whatever its template.
const longestLife = "30d"

// lives are the shortest and the longest time to live that a template of a
// category can be made with, longestLife besides (Meta, templates/time-to-live).
func (c Category) lives() (shortest, most string) {
	switch c {
	case Authentication:
		return "30s", "15m"
	case Utility:
		return "30s", "12h"
	case Marketing:
		return "12h", longestLife
	}
	return "", ""
}

// timeToLive wants what a template of the step's category can have.
func (v *validator) timeToLive(path string, s *Step) {
	shortest, most := s.Category.lives()
	if s.TTL == 0 || shortest == "" {
		v.duration(path, s.TTL)
		return
	}
	within := mustDuration(shortest) <= s.TTL && s.TTL <= mustDuration(most)
	if within || s.TTL == mustDuration(longestLife) {
		return
	}
	if most != longestLife {
		most += ", or " + longestLife
	}
	v.wrong(path, "a template of category %s lives from %s to %s; write the time that it was made with", s.Category, shortest, most)
}

// mustDuration reads a duration of the program's own.
func mustDuration(text string) Duration {
	d, err := ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}
