package ledgertest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/seal"
)

// sealing tests where the secrets of schedules are, in a database that is looked
// at past the ledger.
func sealing(t *testing.T, fresh Fresh) {
	for name, scenario := range sealingScenarios {
		t.Run(name, func(t *testing.T) {
			url := fresh(t)
			b := &bench{T: t, Ledger: opened(t, url), now: start}
			scenario(t, b, newTraces(t, url))
		})
	}
}

// sealKeys are keys of one digit each.
func sealKeys(t *testing.T, digits ...string) seal.Keys {
	t.Helper()
	var texts []string
	for _, digit := range digits {
		texts = append(texts, strings.Repeat(digit, 2*seal.KeyBytes))
	}
	keys, err := seal.ParseKeys(texts)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// seal gives the ledger keys, as a start does.
func (b *bench) seal(digits ...string) ledger.Sealing {
	b.Helper()
	done, err := b.SealSchedules(b.Context(), sealKeys(b.T, digits...))
	b.check(err)
	b.check(b.Scrub(b.Context(), false))
	return done
}

// secretive are schedules that hold secrets, each with the word "hidden".
func (b *bench) secretive() []ledger.NewSchedule {
	return []ledger.NewSchedule{
		b.daily("dsn", func(s *campaign.Schedule) {
			s.Contacts = campaign.Source{DSN: "postgres://ann:hidden@host/shop", Query: "SELECT 1"}
		}),
		b.daily("url", func(s *campaign.Schedule) {
			s.Contacts = campaign.Source{URL: "https://ann:hidden@host/%Y.csv?key=hidden", Headers: map[string]string{"X-Key": "hidden"}}
		}),
	}
}

// plain puts schedules into the database as a version did that knew no seal.
func (b *bench) plain(db *traces, origin ledger.Origin, all ...ledger.NewSchedule) {
	b.Helper()
	for _, s := range all {
		text, err := json.Marshal(s.WithDefaults())
		b.check(err)
		_, err = db.db.ExecContext(b.Context(), `INSERT INTO schedules (name, definition, origin, next_at, created_at) VALUES ($1, $2, $3, $4, 0)`,
			s.Name, string(text), string(origin), s.Next.UnixMilli())
		b.check(err)
	}
}

// whole checks that the schedules are what they were when they came.
func (b *bench) whole(want []ledger.NewSchedule, kept ledger.Secrecy) {
	b.Helper()
	for _, w := range want {
		got := b.schedule(w.Name)
		if diff := cmp.Diff(w.WithDefaults(), got.Schedule); diff != "" {
			b.Errorf("-want +got:\n%s", diff)
		}
		if got.Secrecy != kept || got.Unusable != nil || !got.NextAt.Equal(w.Next) {
			b.Errorf("%s is %q, %v", got.Name, got.Secrecy, got.Unusable)
		}
	}
}

var sealingScenarios = map[string]func(*testing.T, *bench, *traces){
	"secrets are sealed when they come": func(t *testing.T, b *bench, db *traces) {
		for _, s := range b.secretive() {
			if _, _, err := b.AddSchedule(t.Context(), s, by("tester"), b.now); !errors.Is(err, seal.ErrNoKey) {
				t.Errorf("%s without a key: %v", s.Name, err)
			}
		}
		b.seal("a")
		for _, s := range b.secretive() {
			for n, isNew := range []bool{true, false} {
				if _, added, err := b.AddSchedule(t.Context(), s, by("tester"), b.now); err != nil || added != isNew {
					t.Errorf("%s, time %d: new %t, %v", s.Name, n+1, added, err)
				}
			}
		}
		if tables := db.of(t, "hidden"); len(tables) > 0 {
			t.Errorf("a secret stands in %v", tables)
		}
		b.whole(b.secretive(), ledger.Sealed)
		other := b.secretive()[1]
		other.Contacts.Headers = map[string]string{"X-Key": "another"}
		if _, _, err := b.AddSchedule(t.Context(), other, by("tester"), b.now); !errors.Is(err, ledger.ErrTaken) {
			t.Errorf("another secret: %v, want ErrTaken", err)
		}
	},
	"those of an older version are sealed at the start": func(t *testing.T, b *bench, db *traces) {
		b.plain(db, ledger.FromAPI, b.secretive()...)
		b.plain(db, ledger.FromAPI, b.daily("open"))
		if done := b.seal(); !slices.Equal(done.Plain, []string{"dsn", "url"}) || len(done.Sealed) > 0 {
			t.Errorf("without a key: %+v", done)
		}
		b.whole(b.secretive(), ledger.Plain)
		if done := b.seal("a"); !slices.Equal(done.Sealed, []string{"dsn", "url"}) || len(done.Plain) > 0 {
			t.Errorf("with a key: %+v", done)
		}
		if tables := db.of(t, "hidden"); len(tables) > 0 {
			t.Errorf("a secret stands in %v", tables)
		}
		b.whole(b.secretive(), ledger.Sealed)
		if diff := cmp.Diff(ledger.Sealing{}, b.seal("a")); diff != "" {
			t.Errorf("once more: %s", diff)
		}
	},
	"keys are exchanged": func(t *testing.T, b *bench, _ *traces) {
		b.seal("a")
		for _, s := range b.secretive() {
			b.add(s)
		}
		if done := b.seal("b", "a"); !slices.Equal(done.Sealed, []string{"dsn", "url"}) {
			t.Errorf("with a new key: %+v", done)
		}
		if done := b.seal("b"); len(done.Sealed)+len(done.Locked) > 0 {
			t.Errorf("without the old key: %+v", done)
		}
		b.whole(b.secretive(), ledger.Sealed)
	},
	"without its key a schedule is told and left as it is": func(t *testing.T, b *bench, db *traces) {
		b.seal("a")
		for _, s := range b.secretive() {
			b.add(s)
		}
		for _, digits := range [][]string{{}, {"b"}} {
			if done := b.seal(digits...); !slices.Equal(done.Locked, []string{"dsn", "url"}) {
				t.Errorf("with the keys %v: %+v", digits, done)
			}
			for name, shown := range map[string]string{"dsn": "postgres://ann@host/shop", "url": "https://host/%Y.csv"} {
				s := b.schedule(name)
				if !errors.Is(s.Unusable, ledger.ErrLocked) || !strings.Contains(s.Unusable.Error(), "seal_keys") || s.Secrecy != ledger.Sealed {
					t.Errorf("%s: %v", name, s.Unusable)
				}
				if got := s.Contacts.DSN + s.Contacts.URL; got != shown {
					t.Errorf("%s shows %s", name, got)
				}
			}
		}
		b.seal("a")
		b.whole(b.secretive(), ledger.Sealed)
		// What is sealed for one schedule does not open for another.
		_, err := db.db.ExecContext(t.Context(), `UPDATE schedules SET sealed = (SELECT sealed FROM schedules WHERE name = 'url') WHERE name = 'dsn'`)
		b.check(err)
		if s := b.schedule("dsn"); !errors.Is(s.Unusable, seal.ErrChanged) || len(s.Contacts.Headers) > 0 {
			t.Errorf("with another's secrets: %+v", s)
		}
	},
	"nothing of the configuration is stored but names and times": func(t *testing.T, b *bench, db *traces) {
		wanted := b.secretive()
		for i := range wanted {
			wanted[i].Campaign, wanted[i].CampaignFile = "", "campaigns/secret-offer.yaml"
		}
		b.plain(db, ledger.FromConfig, wanted...)
		if done := b.seal(); !slices.Equal(done.Cleared, []string{"dsn", "url"}) {
			t.Errorf("of an older version: %+v", done)
		}
		for range 2 {
			for _, word := range []string{"hidden", "host", "secret-offer", "SELECT"} {
				if tables := db.of(t, word); len(tables) > 0 {
					t.Errorf("%s stands in %v", word, tables)
				}
			}
			b.check(b.SyncSchedules(t.Context(), wanted, b.now))
			b.whole(wanted, ledger.Configured)
		}
		if n := b.schedule("url").Changes; n != 0 {
			t.Errorf("changed %d times", n)
		}
		b.DefineSchedules(nil)
		for _, w := range wanted {
			if s := b.schedule(w.Name); !errors.Is(s.Unusable, ledger.ErrUndefined) || s.Cron != w.Cron || !s.NextAt.Equal(w.Next) {
				t.Errorf("with another configuration: %+v", s)
			}
		}
	},
	"several processes start at once": func(t *testing.T, b *bench, db *traces) {
		b.plain(db, ledger.FromAPI, b.secretive()...)
		keys := sealKeys(t, "a")
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := b.SealSchedules(t.Context(), keys); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		b.whole(b.secretive(), ledger.Sealed)
	},
}
