package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"carillon/campaign"
	"carillon/seal"
)

// Secrecy is where the secrets of a schedule's source are kept: its headers, and
// addresses that let whoever has them in.
type Secrecy string

const (
	// NoSecrets: it has none.
	NoSecrets Secrecy = ""
	// Sealed: in the ledger, under a key of the configuration.
	Sealed Secrecy = "sealed"
	// Plain: in the ledger, for everybody to read who reads that. Older versions
	// have left them so.
	Plain Secrecy = "plain"
	// Configured: in the configuration alone.
	Configured Secrecy = "configured"
)

var (
	// ErrLocked: no key that the program has opens the schedule's secrets.
	ErrLocked = errors.New("its secrets cannot be opened")
	// ErrUndefined: the schedule is one of a configuration, and not of this
	// process's.
	ErrUndefined = errors.New("it is in a configuration that this process does not have")
)

// DefineSchedules tells the ledger what the schedules of the configuration are.
// It keeps them in memory: nothing of them is stored but what SyncSchedules says.
func (l *Ledger) DefineSchedules(all []campaign.Schedule) {
	defined := make(map[string]campaign.Schedule, len(all))
	for _, s := range all {
		defined[s.Name] = s.WithDefaults()
	}
	l.defined.Store(&defined)
}

// times is what is stored of a schedule of the configuration: without its times
// nobody could tell whether its next slot is still the right one.
func times(s campaign.Schedule) campaign.Schedule {
	return campaign.Schedule{Name: s.Name, Cron: s.Cron, Zone: s.WithDefaults().Zone}
}

// conceal is a schedule as it is stored, and its secrets sealed.
func (l *Ledger) conceal(s campaign.Schedule) (stored campaign.Schedule, sealed string, err error) {
	var secrets campaign.Secrets
	stored = s
	stored.Contacts, secrets = s.Contacts.Part()
	if len(secrets.Parts()) == 0 {
		return stored, "", nil
	}
	if sealed, err = l.sealKeys().Seal([]byte(asJSON(secrets)), s.Name); err != nil {
		return stored, "", fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	return stored, sealed, nil
}

func (l *Ledger) sealKeys() seal.Keys {
	if keys := l.keys.Load(); keys != nil {
		return *keys
	}
	return seal.Keys{}
}

// complete makes the schedule of a row whole.
func (l *Ledger) complete(row scheduleRow) Schedule {
	s := row.Schedule
	switch {
	case s.Origin == FromConfig:
		l.define(&s)
	case row.sealed != "":
		s.Secrecy = Sealed
		secrets, err := l.open(row)
		if err != nil {
			s.Unusable = fmt.Errorf("%w: %w; put the key back under seal_keys in the configuration and restart, or remove the schedule and add it again",
				ErrLocked, err)
			break
		}
		s.Contacts = s.Contacts.With(secrets)
	case hasSecrets(s.Contacts):
		s.Secrecy = Plain
	}
	return s
}

func hasSecrets(of campaign.Source) bool {
	_, secrets := of.Part()
	return len(secrets.Parts()) > 0
}

// define puts in what the configuration says of a schedule.
func (l *Ledger) define(s *Schedule) {
	var defined map[string]campaign.Schedule
	if known := l.defined.Load(); known != nil {
		defined = *known
	}
	definition, there := defined[s.Name]
	if !there {
		s.Schedule = s.WithDefaults()
		s.Unusable = fmt.Errorf("%w; restart it with the configuration that has the schedule %s", ErrUndefined, s.Name)
		return
	}
	s.Schedule = definition
	if hasSecrets(s.Contacts) {
		s.Secrecy = Configured
	}
}

func (l *Ledger) open(row scheduleRow) (campaign.Secrets, error) {
	var secrets campaign.Secrets
	text, err := l.sealKeys().Open(row.sealed, row.Name)
	if err == nil {
		err = json.Unmarshal(text, &secrets)
	}
	return secrets, err
}

// Sealing is what SealSchedules has found.
type Sealing struct {
	// Plain are the schedules whose secrets still stand in the ledger as they
	// are, because there is no key; Locked those that no key opens.
	Plain, Locked []string
	// Sealed are those that were sealed now, for the first time or with another
	// key; Cleared those of the configuration whose rows held secrets.
	Sealed, Cleared []string
}

// SealSchedules gives the ledger the keys for the secrets of schedules. Those
// that stand there as they are, from an older version, are sealed, and so are
// those that are sealed with another key than the first. Call it when the ledger
// was opened and nobody else uses it yet, and Scrub after it.
func (l *Ledger) SealSchedules(ctx context.Context, keys seal.Keys) (Sealing, error) {
	l.keys.Store(&keys)
	var done Sealing
	err := l.do(ctx, urgent, func(ctx context.Context, t *tx) error {
		done = Sealing{}
		all, err := readSchedules(ctx, t, t.l.sql(`ORDER BY name LOCKED`))
		for _, s := range all {
			err = errors.Join(err, t.sealSchedule(ctx, s, keys, &done))
		}
		if len(done.Sealed)+len(done.Cleared) > 0 {
			err = errors.Join(err, t.leaveRemnants(ctx))
		}
		return err
	})
	return done, err
}

// sealSchedule stores what is in a row as it ought to be stored.
func (t *tx) sealSchedule(ctx context.Context, row scheduleRow, keys seal.Keys, done *Sealing) error {
	s := row.Schedule.Schedule
	if row.Origin == FromConfig {
		slim := times(s)
		if asJSON(slim) == asJSON(s) {
			return nil
		}
		if hasSecrets(s.Contacts) {
			done.Cleared = append(done.Cleared, s.Name)
		}
		return t.storeSchedule(ctx, s.Name, slim, "")
	}
	switch {
	case row.sealed != "":
		secrets, err := t.l.open(row)
		if err != nil {
			done.Locked = append(done.Locked, s.Name)
			return nil
		}
		if keys.Current(row.sealed) {
			return nil
		}
		s.Contacts = s.Contacts.With(secrets)
	case !hasSecrets(s.Contacts):
		return nil
	case !keys.Any():
		done.Plain = append(done.Plain, s.Name)
		return nil
	}
	stored, sealed, err := t.l.conceal(s)
	if err != nil {
		return err
	}
	done.Sealed = append(done.Sealed, s.Name)
	return t.storeSchedule(ctx, s.Name, stored, sealed)
}

func (t *tx) storeSchedule(ctx context.Context, name string, stored campaign.Schedule, sealed string) error {
	_, err := t.ExecContext(ctx, `UPDATE schedules SET definition = $2, sealed = $3 WHERE name = $1`, name, asJSON(stored), sealed)
	if err != nil {
		return fmt.Errorf("ledger: seal schedule %s: %w", name, err)
	}
	return nil
}
