package simulator

import (
	"math/rand/v2"
	"slices"
	"time"

	"carillon/campaign"
)

// ReceiptOptions say when receipts come and what happens to them on the way.
// The shares are between 0 and 1 and deterministic like those of Faults.
type ReceiptOptions struct {
	// Delay is the time from the answer to sent, from sent to delivered, from
	// delivered to read, and from there to what the person says; each is longer
	// by up to Jitter.
	Delay, Jitter time.Duration
	// Read is the share of delivered messages that are read.
	Read float64
	// HeldFor is how long held messages are held; 0 means two seconds.
	HeldFor time.Duration

	// Duplicate is the share of receipts, and of what people say, that come a
	// second time, later.
	Duplicate float64
	// Reorder is the share of messages whose first receipt comes last.
	Reorder float64
	// Lost is the share of receipts that never come.
	Lost float64
	// Early is the share of messages whose first receipt is posted before the
	// answer to the message.
	Early float64
	// ReadWithoutDelivered is the share of read messages that never get a
	// receipt for delivered (Meta, status webhook reference: it is implied).
	ReadWithoutDelivered float64
	// DeliveredWithoutSent is the share of delivered messages that never get a
	// receipt for sent.
	DeliveredWithoutSent float64

	// Batch is the most statuses in one POST; 0 means 10. What is due waits at
	// most 50 ms for others. A provider that tells one thing at a time has 1.
	Batch int
	// Senders is the most POSTs at a time; 0 means 16.
	Senders int
}

func (o ReceiptOptions) withDefaults() ReceiptOptions {
	if o.HeldFor <= 0 {
		o.HeldFor = 2 * time.Second
	}
	if o.Batch <= 0 {
		o.Batch = 10
	}
	if o.Senders <= 0 {
		o.Senders = 16
	}
	return o
}

// planned is a receipt that a message will get. Its times count from the
// message's arrival.
type planned struct {
	status campaign.Status
	// happens is when the event takes place, due when it is reported.
	happens, due time.Duration
	// lost ones are never posted, early ones before the answer.
	lost, early bool
}

// plan lays out the receipts of a message that was accepted.
func (o ReceiptOptions) plan(d decision, latency time.Duration, dice *rand.Rand) []planned {
	hits := func(share float64) bool { return dice.Float64() < share }
	early, reorder := hits(o.Early), hits(o.Reorder)
	story := o.story(d.fate, hits)
	at := latency
	if d.answer == held {
		at += o.HeldFor
	}
	receipts := make([]planned, 0, len(story)+1)
	step := func() time.Duration { return o.step(dice) }
	for _, status := range story {
		at += step()
		receipts = append(receipts, planned{status: status, happens: at, due: at, lost: hits(o.Lost)})
	}
	if len(receipts) == 0 {
		return nil
	}
	switch {
	case early && d.answer != held:
		receipts[0].early, receipts[0].happens, receipts[0].due = true, 0, 0
	case reorder && len(receipts) > 1:
		receipts[0].due = at + step() + flushAfter
	}
	for _, p := range slices.Clone(receipts) {
		if hits(o.Duplicate) && !p.lost {
			p.early, p.due = false, p.due+step()
			receipts = append(receipts, p)
		}
	}
	return receipts
}

// step is the time from one event to the next.
func (o ReceiptOptions) step(dice *rand.Rand) time.Duration {
	return o.Delay + time.Duration(dice.Float64()*float64(o.Jitter))
}

// story is what becomes of a message, in order.
func (o ReceiptOptions) story(fate fault, hits func(float64) bool) []campaign.Status {
	read, noDelivered, noSent := hits(o.Read), hits(o.ReadWithoutDelivered), hits(o.DeliveredWithoutSent)
	switch fate {
	case silent:
		return nil
	case undeliverable, marketingCap, outsideWindow:
		return []campaign.Status{campaign.Failed}
	case failLater408:
		return []campaign.Status{campaign.Sent, campaign.Failed}
	}
	story := make([]campaign.Status, 0, 3)
	if !noSent {
		story = append(story, campaign.Sent)
	}
	if !read || !noDelivered {
		story = append(story, campaign.Delivered)
	}
	if read {
		story = append(story, campaign.Read)
	}
	return story
}
