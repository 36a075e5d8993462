package worker

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carillon/campaign"
	"carillon/ledger"
	"carillon/whatsapp"
)

// shelf is a provider's store: it fails with errors, one after the other, then it
// keeps what comes, after a time.
type shelf struct {
	errors  []error
	slow    time.Duration
	uploads int
	read    string
}

func (s *shelf) Upload(ctx context.Context, u whatsapp.Upload) (string, time.Time, error) {
	s.uploads++
	content, err := io.ReadAll(u.Content)
	if err != nil {
		return "", time.Time{}, err
	}
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return "", time.Time{}, &whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "cancelled", Cause: ctx.Err()}
	}
	if err := next(&s.errors); err != nil {
		return "", time.Time{}, err
	}
	s.read = u.Name + " " + u.Type + " " + string(content)
	return "id-" + string(rune('0'+s.uploads)), time.Now().Add(30 * 24 * time.Hour), nil
}

// newFileStand is a stand whose one step has a file, named by the list or not.
func newFileStand(name string) (*stand, *shelf) {
	s, keeps := newStand(100), &shelf{}
	s.channel.Media = keeps
	s.record.step = &campaign.Step{Template: "hello", Language: "en", Header: &campaign.Header{Image: &campaign.Media{File: name}}}
	s.record.file = ledger.Attachment{Hash: "abc", Type: "image/png", Size: 7}
	return s, keeps
}

// backs wants the task to go back to the queue without a claim.
func (s *stand) backs(t *testing.T) {
	t.Helper()
	var back *backError
	if err := s.run(t); !errors.As(err, &back) || isFailure(err) || s.record.claimed != 0 {
		t.Fatalf("got %v after %d claims, want it back in the queue", err, s.record.claimed)
	}
}

func TestAMessageWaitsForItsFile(t *testing.T) {
	bubble(t, "that all rows have", func(t *testing.T) {
		s, keeps := newFileStand("pictures/promo.png")
		keeps.slow = time.Minute
		for range 3 {
			s.backs(t)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
		if keeps.uploads != 1 || keeps.read != "promo.png image/png content" || s.record.holds < 10 {
			t.Errorf("%d uploads of %q, held %d times", keeps.uploads, keeps.read, s.record.holds)
		}
	})
	bubble(t, "that the list names", func(t *testing.T) {
		s, keeps := newFileStand("{{Name}}.png")
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.expect(t, 0, ledger.OutcomeReleased)
		if given := s.record.settled[0]; given.Due.IsZero() || given.Why == "" {
			t.Errorf("given back as %+v", given)
		}
		time.Sleep(uploadAgain)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeReleased, ledger.OutcomeAccepted)
		if got := s.provider.last; !strings.Contains(string(got.Template.Components), `"id":"id-1"`) || keeps.uploads != 1 {
			t.Errorf("sent %s after %d uploads", got.Template.Components, keeps.uploads)
		}
	})
	bubble(t, "that another uploads", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		s.record.file.Busy = true
		s.backs(t)
		time.Sleep(fileFor)
		s.record.file.ID, s.record.file.Until, s.record.file.Renew = "theirs", time.Now().Add(time.Hour), time.Now().Add(time.Hour)
		if err := s.run(t); err != nil || keeps.uploads != 0 {
			t.Errorf("%d uploads, %v", keeps.uploads, err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
}

func TestAFileIsRenewedBesideTheSends(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		s.record.file.ID, s.record.file.Until, s.record.file.Renew = "old", time.Now().Add(time.Hour), time.Now()
		keeps.slow = time.Minute // the message is long gone
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := string(s.provider.last.Template.Components); !strings.Contains(got, `"id":"old"`) || keeps.uploads != 1 || s.record.file.ID != "id-1" {
			t.Errorf("sent %s, %d uploads, then it is called %q", got, keeps.uploads, s.record.file.ID)
		}
	})
}

func TestUploadsThatFail(t *testing.T) {
	bubble(t, "and pass", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		keeps.errors = []error{
			&whatsapp.Error{Class: whatsapp.RetrySoon, Reason: "unreachable", Unwritten: true},
			&whatsapp.Error{Class: whatsapp.Ambiguous, Reason: "timeout"},
		}
		for range 12 {
			_ = s.run(t) // it goes back until the file is there
			synctest.Wait()
			time.Sleep(time.Second)
		}
		s.expect(t, s.record.claimed, s.outcomes()...)
		if len(s.record.reasons) != 0 || keeps.uploads != 3 || len(s.provider.sent) == 0 {
			t.Errorf("paused for %q; %d uploads, %d messages", s.record.reasons, keeps.uploads, len(s.provider.sent))
		}
	})
	bubble(t, "for good", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		keeps.errors = []error{&whatsapp.Error{Class: whatsapp.Pause, Reason: "token", Hint: "Put a valid token in, then resume.", Scope: whatsapp.AccountScope}}
		s.backs(t)
		synctest.Wait()
		if len(s.record.reasons) != 1 || !strings.Contains(s.record.reasons[0], `"promo.png"`) || !strings.Contains(s.record.reasons[0], `"main"`) || !strings.Contains(s.record.reasons[0], "then resume") {
			t.Fatalf("paused for %q", s.record.reasons)
		}
		s.expect(t, 0)
		s.record.state = campaign.Running
		time.Sleep(uploadRest)
		s.backs(t)
		synctest.Wait()
		time.Sleep(fileFor)
		if err := s.run(t); err != nil {
			t.Fatal(err)
		}
		s.expect(t, 1, ledger.OutcomeAccepted)
	})
	bubble(t, "because another has the lease", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		keeps.slow, s.record.overtaken = time.Hour, true
		s.backs(t)
		time.Sleep(uploadLease)
		synctest.Wait()
		if s.record.file.ID != "" || len(s.record.reasons) != 0 || s.record.file.Tries != 0 {
			t.Errorf("%+v, paused for %q", s.record.file, s.record.reasons)
		}
	})
	bubble(t, "where the provider keeps none", func(t *testing.T) {
		s, _ := newFileStand("promo.png")
		s.channel.Media = nil
		s.backs(t)
		if len(s.record.reasons) != 1 || !strings.Contains(s.record.reasons[0], "link") {
			t.Errorf("paused for %q", s.record.reasons)
		}
	})
}

// TestStopEndsUploads: the program ends although a large file is on its way, and
// whoever is next need not wait.
func TestStopEndsUploads(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s, keeps := newFileStand("promo.png")
		keeps.slow = time.Hour
		s.backs(t)
		synctest.Wait()
		begun := time.Now()
		s.Stop()
		if took := time.Since(begun); took > time.Second || s.record.file.Busy {
			t.Errorf("stopped after %s, the upload is still held: %t", took, s.record.file.Busy)
		}
	})
}

// TestAForgottenFileIsAskedAbout: the next message reads anew what the file is
// called, and the guard does not count the refusal.
func TestAForgottenFileIsAskedAbout(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s, _ := newFileStand("promo.png")
		s.record.file.ID, s.record.file.Until, s.record.file.Renew = "old", time.Now().Add(time.Hour), time.Now().Add(time.Hour)
		for range 6 {
			s.provider.answers = []error{&whatsapp.Error{Class: whatsapp.BadRequest, Reason: "media_upload", Code: 131053, Media: true}}
			first := campaign.Task{Message: task.Message, Attempt: 1}
			looks := s.record.looks
			if err := s.runTask(t, first); err != nil {
				t.Fatal(err)
			}
			if s.record.looks != looks+1 {
				t.Errorf("the ledger was asked %d times", s.record.looks-looks)
			}
		}
		if len(s.record.reasons) != 0 {
			t.Errorf("paused for %q", s.record.reasons)
		}
	})
}
