package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"carillon/internal/cli"
	"carillon/ledger"
)

// ServeOptions say how to serve.
type ServeOptions struct {
	// ConfigPath names the configuration file.
	ConfigPath string
	// Roles are those to take: web, scheduler, worker; none means all.
	Roles []string
	Log   *slog.Logger
	// Out is told where the server listens.
	Out io.Writer
}

// Serve runs a server until the context ends.
func Serve(ctx context.Context, o ServeOptions) error {
	config, err := cli.LoadConfig(o.ConfigPath)
	if err != nil {
		return err
	}
	roles, err := parseRoles(o.Roles)
	if err != nil {
		return err
	}
	a, err := New(ctx, config, roles, o.Log)
	if err != nil {
		return err
	}
	giveBackMemory()
	warnOfReaders(a.ledger, config, o.ConfigPath, o.Log)
	fmt.Fprintf(o.Out, "carillon serves at %s\n", a.URL())
	if roles.Web {
		fmt.Fprintf(o.Out, "its pages are at   %s/\n", a.URL())
	}
	return errors.Join(a.Run(ctx), a.Close())
}

// giveBackMemory hands what only the start needed back to the system. Goose
// reads migrations through buffers of 4 MiB each and pools them, and what is in a
// pool outlives one collection. Without it the collector would take these buffers
// for what the server needs, and let the heap grow to 40 MB before its next turn.
func giveBackMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}

// parseRoles reads the names of roles; none means all.
func parseRoles(names []string) (Roles, error) {
	if len(names) == 0 {
		return AllRoles(), nil
	}
	var roles Roles
	for _, name := range names {
		switch name {
		case "web":
			roles.Web = true
		case "scheduler":
			roles.Scheduler = true
		case "worker":
			roles.Worker = true
		default:
			return Roles{}, cli.Usagef("%q is not a role; the roles are web, scheduler and worker", name)
		}
	}
	return roles, nil
}

// Migrate brings the ledger's tables up to date, and its secrets under the
// configuration's keys, and ends. pauseAll also pauses whatever would send by
// itself as soon as a server starts.
func Migrate(ctx context.Context, configPath string, pauseAll bool, out io.Writer, log *slog.Logger) (err error) {
	config, err := cli.LoadConfig(configPath)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, config.Ledger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := keepSecrets(ctx, l, config, true, log); err != nil {
		return err
	}
	warnOfReaders(l, config, configPath, log)
	fmt.Fprintln(out, "the ledger is up to date")
	if !pauseAll {
		return nil
	}
	done, err := l.PauseAll(ctx, ledger.Actor{Name: "carillon migrate --pause-all", Way: ledger.WayCLI}, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "paused: %d campaigns, %d schedules; skipped: %d slots\n", done.Campaigns, done.Schedules, done.Slots)
	return nil
}
