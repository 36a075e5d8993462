package ledgertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/ledger"
)

// picture is a file of so many bytes.
func picture(size int) (campaign.File, []byte) {
	content := bytes.Repeat([]byte("carillon"), size/8+1)[:size]
	sum := sha256.Sum256(content)
	return campaign.File{Hash: hex.EncodeToString(sum[:]), Type: "image/png", Size: int64(size)}, content
}

// illustrated is a definition whose one step has a file in its header.
func illustrated(name string) *campaign.Definition {
	return steps(1, func(d *campaign.Definition) {
		d.Steps[0].Header = &campaign.Header{Image: &campaign.Media{File: name}}
	})
}

// withFile is a running campaign of n people with a file.
func (b *bench) withFile(n int, f campaign.File, content []byte) campaign.ID {
	b.Helper()
	in, err := b.BeginIntake(b.Context(), ledger.NewCampaign{Definition: illustrated("promo.png"), Columns: []string{"Name", "Phone"}}, b.now)
	b.check(err)
	b.check(in.Keep(b.Context(), "promo.png", f, opening(content), b.now))
	b.check(in.Add(b.Context(), people(n), b.now))
	b.check(in.Reveal(b.Context()))
	b.campaigns = append(b.campaigns, in.ID())
	b.act(in.ID(), campaign.Start)
	return in.ID()
}

func opening(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}

// takeUpload has a holder take an upload, and reports whether it got it.
func (b *bench) takeUpload(hash, holder string, ttl time.Duration) bool {
	b.Helper()
	taken, err := b.TakeUpload(b.Context(), hash, "main", holder, ttl, b.now)
	b.check(err)
	return taken
}

// upload has a holder upload a file that the provider keeps for 30 days.
func (b *bench) upload(hash, holder, id string) {
	b.Helper()
	if !b.takeUpload(hash, holder, time.Hour) {
		b.Fatalf("%s did not get the upload", holder)
	}
	held, err := b.Uploaded(b.Context(), hash, "main", holder, id, b.now.Add(30*24*time.Hour), b.now)
	if b.check(err); !held {
		b.Fatalf("%s had lost the upload", holder)
	}
}

func (b *bench) attachment(c campaign.ID) ledger.Attachment {
	b.Helper()
	a, err := b.Attachment(b.Context(), c, "promo.png", "main")
	b.check(err)
	return a
}

// forgotten is the refusal of a message whose file the provider does not know.
func forgotten() campaign.Failure {
	return campaign.Failure{Code: 131053, Reason: "media_upload", Invalid: true, Media: true}
}

var mediaScenarios = map[string]func(*testing.T, *bench){
	"a file is kept once, and read as it was": func(t *testing.T, b *bench) {
		f, content := picture(2<<20 + 17)
		b.withFile(1, f, content)
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: illustrated("again.png")}, b.now)
		b.check(err)
		b.check(in.Keep(t.Context(), "again.png", f, func() (io.ReadCloser, error) {
			return nil, errors.New("it was read again")
		}, b.now))
		got, err := io.ReadAll(b.MediaContent(t.Context(), f.Hash))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes come back, want %d, %v", len(got), len(content), err)
		}
		if _, err := io.ReadAll(b.MediaContent(t.Context(), "none")); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("a file that is not there: %v", err)
		}
		b.check(in.Abandon(t.Context()))
	},
	"what its hash does not say is not kept": func(t *testing.T, b *bench) {
		f, content := picture(3000)
		in, err := b.BeginIntake(t.Context(), ledger.NewCampaign{Definition: illustrated("promo.png")}, b.now)
		b.check(err)
		if err := in.Keep(t.Context(), "promo.png", f, opening(content[1:]), b.now); err == nil {
			t.Fatal("other bytes were kept")
		}
		b.check(in.Keep(t.Context(), "promo.png", f, opening(content), b.now))
		b.check(in.Abandon(t.Context()))
	},
	"one of many uploads a file": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(1, f, content)
		if a := b.attachment(c); a.Hash != f.Hash || a.Size != 100 || a.Usable(b.now) || a.Busy {
			t.Errorf("%+v", a)
		}
		var group sync.WaitGroup
		var takers atomic.Int32
		for i := range 8 {
			group.Go(func() {
				if b.takeUpload(f.Hash, string(rune('a'+i)), time.Hour) {
					takers.Add(1)
				}
			})
		}
		group.Wait()
		if n := takers.Load(); n != 1 {
			t.Errorf("%d holders upload the file", n)
		}
		if !b.attachment(c).Busy {
			t.Error("nobody is said to be at it")
		}
	},
	"a holder that is killed is followed by another, and counts no more": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(1, f, content)
		if !b.takeUpload(f.Hash, "killed", -time.Second) || !b.takeUpload(f.Hash, "next", time.Hour) {
			t.Fatal("a lease whose time is over was not free")
		}
		for _, late := range []func() (bool, error){
			func() (bool, error) {
				return b.Uploaded(context.Background(), f.Hash, "main", "killed", "late", b.now.Add(time.Hour), b.now)
			},
			func() (bool, error) { return b.HoldUpload(context.Background(), f.Hash, "main", "killed", time.Hour) },
			func() (bool, error) {
				return b.UploadFailed(context.Background(), f.Hash, "main", "killed", "late", b.now)
			},
		} {
			if held, err := late(); held || err != nil {
				t.Errorf("who was overtaken still has it: %v, %v", held, err)
			}
		}
		if held, err := b.Uploaded(t.Context(), f.Hash, "main", "next", "id-1", time.Time{}, b.now); !held || err != nil {
			t.Errorf("the next one: %v, %v", held, err)
		}
		if a := b.attachment(c); a.ID != "id-1" || !a.Usable(b.now.AddDate(100, 0, 0)) {
			t.Errorf("%+v", a)
		}
		if b.takeUpload(f.Hash, "third", time.Hour) {
			t.Error("what is there was taken again")
		}
	},
	"it is renewed after 25 days of 30, and used meanwhile": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(1, f, content)
		b.upload(f.Hash, "a", "id-1")
		b.advance(25*24*time.Hour - time.Millisecond)
		if b.takeUpload(f.Hash, "b", time.Hour) {
			t.Fatal("renewed too early")
		}
		b.advance(time.Millisecond)
		if !b.takeUpload(f.Hash, "b", time.Hour) {
			t.Fatal("not renewed")
		}
		if a := b.attachment(c); a.ID != "id-1" || !a.Usable(b.now) || a.Usable(b.now.Add(5*24*time.Hour)) {
			t.Errorf("%+v", a)
		}
		if _, err := b.Uploaded(t.Context(), f.Hash, "main", "b", "id-2", b.now.Add(30*24*time.Hour), b.now); err != nil {
			t.Fatal(err)
		}
		if a := b.attachment(c); a.ID != "id-2" {
			t.Errorf("%+v", a)
		}
	},
	"a failed upload waits": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(1, f, content)
		if !b.takeUpload(f.Hash, "a", time.Hour) {
			t.Fatal("not taken")
		}
		_, err := b.UploadFailed(t.Context(), f.Hash, "main", "a", "busy", b.now.Add(time.Minute))
		b.check(err)
		if a := b.attachment(c); a.Tries != 1 || a.Trouble != "busy" || a.Busy || b.takeUpload(f.Hash, "b", time.Hour) {
			t.Errorf("%+v", a)
		}
		b.advance(time.Minute)
		b.upload(f.Hash, "b", "id-1")
		if a := b.attachment(c); a.Tries != 0 || a.Trouble != "" {
			t.Errorf("%+v", a)
		}
	},
	"what the provider has forgotten is uploaded again, and its messages are tried again once": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(3, f, content)
		b.upload(f.Hash, "a", "id-1")
		b.advance(time.Hour)
		first, second, third := c.Recipient(1).Message(0), c.Recipient(2).Message(0), c.Recipient(3).Message(0)
		b.claim(second, 1)
		b.send(third, 1)
		b.refuseAt(first, 1, forgotten())
		if a := b.attachment(c); a.Usable(b.now) {
			t.Errorf("still used: %+v", a)
		}
		b.upload(f.Hash, "b", "id-2")
		b.settle(second, 1, ledger.OutcomeRefused, forgotten()) // it had left before
		about := b.receive(b.receipt(third, 1, campaign.Failed, forgotten()))
		if a := b.attachment(c); a.ID != "id-2" || !about[0].Renews {
			t.Errorf("%+v, %+v", a, about[0])
		}
		for _, id := range []campaign.MessageID{first, second, third} {
			b.expect(id, campaign.Pending)
		}
		b.advance(time.Minute)
		b.refuseAt(first, 2, forgotten())
		b.expect(first, campaign.Failed)
		b.send(second, 2)
	},
	"the refusal of a message without a file renews nothing": func(t *testing.T, b *bench) {
		id := b.running(steps(1), 1).Recipient(1).Message(0)
		b.refuseAt(id, 1, forgotten())
		b.expect(id, campaign.Failed)
	},
	"a file is dropped when no campaign can need it any more": func(t *testing.T, b *bench) {
		f, content := picture(100)
		c := b.withFile(1, f, content)
		there := func() bool {
			t.Helper()
			b.check(b.Tidy(t.Context(), b.now))
			_, err := io.ReadAll(b.MediaContent(t.Context(), f.Hash))
			return err == nil
		}
		b.send(c.Recipient(1).Message(0), 1)
		b.receive(b.receipt(c.Recipient(1).Message(0), 1, campaign.Read))
		_, err := b.Finish(t.Context(), []campaign.ID{c}, b.now)
		b.check(err)
		b.advance(29 * 24 * time.Hour)
		if !there() {
			t.Fatal("gone while the campaign can be retried")
		}
		b.advance(2 * 24 * time.Hour)
		if there() {
			t.Error("kept for a campaign that ended a month ago")
		}
		second := b.withFile(1, f, content) // it comes again, after it was dropped
		b.act(second, campaign.Cancel)
		if !there() {
			t.Error("gone within the hour in which an import may rely on it")
		}
		b.advance(2 * time.Hour)
		if there() {
			t.Error("kept for a campaign that was cancelled")
		}
	},
}
