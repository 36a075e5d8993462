package doctor

import (
	"errors"
	"strings"
	"testing"
	"time"

	"carillon/whatsapp"
)

// only is the one finding, which has to be in this state and say this.
func only(t *testing.T, e whatsapp.Examination, state whatsapp.Health, said string) {
	t.Helper()
	if len(e.Findings) != 1 || e.Findings[0].State != state || !strings.Contains(e.Findings[0].Found, said) {
		t.Errorf("got %+v, want %s: %s", e.Findings, state, said)
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ahead   time.Duration
		decides bool
		want    whatsapp.Health
		said    string
	}{
		{9 * time.Second, true, whatsapp.Well, "agrees with the provider's"},
		{-10 * time.Second, true, whatsapp.Doubtful, "this machine's is 10s ahead of the provider's"},
		{59 * time.Second, true, whatsapp.Doubtful, "this machine's is 59s behind the provider's"},
		{time.Minute, true, whatsapp.Ill, "this machine's is 1m0s behind the provider's, so tokens and webhooks may be refused"},
		{time.Hour, false, whatsapp.Doubtful, "this machine's is 1h0m0s behind the provider's"},
	} {
		var e whatsapp.Examination
		compareClock(&e, "the provider's", test.ahead, test.decides)
		only(t, e, test.want, test.said)
	}
}

func TestDisks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		free uint64
		err  error
		want whatsapp.Health
		said string
	}{
		{noSpace - 1, nil, whatsapp.Ill, "0.1 GB are free"},
		{noSpace, nil, whatsapp.Doubtful, "0.1 GB are free"},
		{littleSpace, nil, whatsapp.Well, "1.1 GB are free"},
		{0, errors.New("no such call"), whatsapp.Doubtful, "is not told: no such call"},
	} {
		d := doctor{free: func(string) (uint64, error) { return test.free, test.err }}
		var e whatsapp.Examination
		d.disk(&e, "/")
		only(t, e, test.want, test.said)
	}
}
