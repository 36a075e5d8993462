package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"carillon/configs"
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

// roles are the parts of a server that may run in processes of their own.
func roles() []string { return []string{"web", "scheduler", "worker"} }

// Serve runs a server until the context ends.
func Serve(ctx context.Context, o ServeOptions) error {
	config, err := loadConfig(o.ConfigPath)
	if err != nil {
		return err
	}
	if err := checkRoles(o.Roles); err != nil {
		return err
	}
	a, err := New(ctx, config, o.Log)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "carillon serves at %s\n", a.URL())
	return errors.Join(a.Run(ctx), a.Close())
}

// loadConfig reads a configuration; a mistake in it is the caller's.
func loadConfig(path string) (*configs.Config, error) {
	config, err := configs.Load(path, os.LookupEnv)
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	return config, nil
}

// checkRoles refuses what one process cannot do: a ledger in a file serves one
// process, so that process has to take every role.
func checkRoles(wanted []string) error {
	for _, role := range wanted {
		if !slices.Contains(roles(), role) {
			return usagef("%q is not a role; the roles are web, scheduler and worker", role)
		}
	}
	for _, role := range roles() {
		if len(wanted) > 0 && !slices.Contains(wanted, role) {
			return usagef("a ledger in a SQLite file serves one process, which has to take all roles: leave --roles out")
		}
	}
	return nil
}

// Migrate brings the ledger's tables up to date and ends.
func Migrate(ctx context.Context, configPath string, out io.Writer) error {
	config, err := loadConfig(configPath)
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, config.Ledger)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the ledger is up to date")
	return l.Close()
}
