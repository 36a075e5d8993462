package ledger

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"carillon/campaign"
)

func TestRateWidth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ span, least, want time.Duration }{
		{0, 0, 10 * time.Second},
		{30 * time.Minute, 0, 10 * time.Second},
		{30 * time.Minute, time.Minute, time.Minute},
		{2 * time.Hour, 0, time.Minute},
		{48 * time.Hour, time.Minute, 15 * time.Minute},
		{31 * 24 * time.Hour, time.Minute, 6 * time.Hour},
		{365 * 24 * time.Hour, time.Minute, 24 * time.Hour},
	} {
		if got := rateWidth(c.span, c.least); got != c.want {
			t.Errorf("%s of %s or more: %s, want %s", c.span, c.least, got, c.want)
		}
	}
}

// BenchmarkSend claims and settles messages as workers do, many at once.
func BenchmarkSend(b *testing.B) {
	l, err := Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "carillon.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	}()
	in, err := l.BeginIntake(b.Context(), NewCampaign{Definition: &campaign.Definition{Channel: "main", Steps: []campaign.Step{{Template: "x", Language: "en"}}}}, noon)
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < b.N; first += IntakeBatch {
		rows := make([]campaign.Row, min(IntakeBatch, b.N-first))
		for i := range rows {
			phone := fmt.Sprintf("+4477%08d", first+i)
			rows[i] = campaign.Row{Number: first + i + 1, Phone: phone, Person: phone, Verdict: campaign.OK, Values: []string{phone}}
		}
		if err := in.Add(b.Context(), rows, noon); err != nil {
			b.Fatal(err)
		}
	}
	if err := in.Reveal(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := l.Act(b.Context(), in.ID(), campaign.Start, Actor{}, noon); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	const workers = 200
	var running sync.WaitGroup
	for w := range workers {
		running.Go(func() {
			for row := w + 1; row <= b.N; row += workers {
				id, now := in.ID().Recipient(row).Message(0), time.Now()
				if _, err := l.Claim(b.Context(), campaign.Task{Message: id, Attempt: 1}, Sender{}, now, now.Add(time.Minute)); err != nil {
					b.Error(err)
					return
				}
				if err := l.Settle(b.Context(), Settlement{Message: id, Attempt: 1, Outcome: OutcomeAccepted, At: now, ProviderID: id.Reference(1)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
}
