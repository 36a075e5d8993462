package faults

import (
	"time"

	"carillon/whatsapp/providers"
)

// size is how much a run takes.
type size struct {
	// people is the length of the list.
	people int
	// kills is how often processes are killed that are killed again and again.
	kills int
	// frozen, redisGone, ledgerGone and diskFull are how long these faults last.
	frozen, redisGone, ledgerGone, diskFull time.Duration
	// giveUp is how long anything is waited for: longer than all clocks of a run
	// together on a busy machine, so that only a hang takes it.
	giveUp time.Duration
}

var (
	short = size{
		people: 900, kills: 4,
		frozen: 5 * time.Second, redisGone: 20 * time.Second, ledgerGone: 5 * time.Second, diskFull: 3 * time.Second,
		giveUp: 4 * time.Minute,
	}
	longer = size{
		people: 3000, kills: 10,
		frozen: 5 * time.Second, redisGone: time.Minute, ledgerGone: 30 * time.Second, diskFull: 30 * time.Second,
		giveUp: 10 * time.Minute,
	}
)

// ending is how the messages of a campaign end.
type ending int

const (
	// allArrive: each is delivered, so the fault has cost nothing but time.
	allArrive ending = iota
	// someUnknown: some may be left unknown, as on_unknown: hold has it, and the
	// messages behind them skipped.
	someUnknown
	// cutShort: some are delivered and all others skipped.
	cutShort
)

// fault is one row of the table.
type fault struct {
	name string
	// houses are the roles of the processes; none means one for all of them.
	houses []string
	// provider are the shares of messages that it does wrong.
	provider string
	// resend sends unknown messages again; otherwise they are held.
	resend bool
	// durable lets Redis keep what it holds on disk.
	durable bool
	// ledger says that the fault strikes the ledger's server, which only
	// PostgreSQL has; it gets one of its own.
	ledger bool
	// disk says that the ledger's file lies on a disk of its own, which only
	// SQLite's can.
	disk bool
	// everyKind says that the fault strikes every kind of provider in short runs too:
	// it is about what they do differently.
	everyKind bool
	// webhooks says that the fault strikes at a receipt that comes by webhook. The
	// simulated provider sends none where it is asked.
	webhooks bool
	// launch starts the campaign; nil for the plain way.
	launch func(*stage)
	// strike is the fault. It begins with a campaign that has just started.
	strike func(*stage)
	ends   ending
}

// engines are the ledgers that the fault can strike.
func (f fault) engines() []string {
	if f.ledger || len(f.houses) > 0 {
		return []string{enginePostgres}
	}
	if f.disk {
		return []string{engineSQLite}
	}
	return []string{engineSQLite, enginePostgres}
}

// providers are the kinds that the fault strikes on an engine: the Cloud API on
// both. The others are struck by faults that concern them, each on one engine, or
// by all faults on both with -faults.everywhere.
func (f fault) providers(engine string) []string {
	kinds := []string{"cloud"}
	for i, spec := range providers.All()[1:] {
		if spec.Traits.Polled && (f.webhooks || f.resend) {
			continue // resend: the id of what is unknown was lost with the answer, so that it would be sent twice, as the operator chose
		}
		mine := i%2 == 0 == (engine == engineSQLite) || len(f.engines()) == 1
		if *everywhere || f.everyKind && mine {
			kinds = append(kinds, spec.Name)
		}
	}
	return kinds
}

// over is the fault where it strikes a kind of provider. One that is asked cannot
// be asked about a message whose answer was lost.
func (f fault) over(kind string) fault {
	if polled(kind) && f.ends == allArrive && f.provider != "" {
		f.ends = someUnknown
	}
	return f
}

func (f fault) roles() []string {
	if len(f.houses) > 0 {
		return f.houses
	}
	return []string{"serve"}
}

func (f fault) onUnknown() string {
	if f.resend {
		return "resend"
	}
	return "hold"
}

// table is all faults.
func table() []fault {
	return []fault{
		{name: "worker killed every second", everyKind: true, strike: killEverySecond, ends: someUnknown},
		{name: "worker killed every second, unknown sent again", strike: killEverySecond, resend: true},
		{name: "worker told to stop", strike: terminate},
		{name: "process killed right after a webhook's 200", webhooks: true, strike: killAfterReceipts, ends: someUnknown},

		{name: "redis flushed", everyKind: true, strike: flushRedis},
		{name: "redis killed, back empty", strike: killRedis},
		{name: "redis killed, back with its file", durable: true, strike: killRedis},
		{name: "redis frozen", strike: freezeRedis},
		{name: "redis unreachable", strike: cutRedis},
		{name: "tasks deleted", strike: deleteTasks},
		{name: "tasks archived", strike: archiveTasks},

		{name: "ledger killed", ledger: true, strike: killLedger, ends: someUnknown},
		{name: "ledger frozen", ledger: true, strike: freezeLedger, ends: someUnknown},
		{name: "disk full", disk: true, strike: fillDisk},

		{name: "provider loses answers", everyKind: true, provider: "lost_answer=0.1"},
		{name: "provider hangs", provider: "hang=0.05,hang_for=20s"},
		{name: "provider behind a bad gateway", provider: "bad_gateway=0.1", ends: someUnknown},
		{name: "provider refuses, or fails later", provider: "throttle=0.01,timeout408=0.03,unavailable=0.03,fail_later408=0.03"},

		{name: "paused and resumed ten times", strike: pauseAndResume},
		{name: "cancelled", strike: cancel, ends: cutShort},
		{name: "launched twice with one key", launch: launchTwice},

		{name: "two of each role, one of each killed", houses: twoOfEach, strike: killOneOfEach, ends: someUnknown},
		{name: "two schedulers, frozen in turn", houses: twoSchedulers, strike: freezeSchedulers},
	}
}
