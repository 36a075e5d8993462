package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"carillon/internal/app"
	"carillon/internal/cli"
)

const defaultConfig = "carillon.yaml"

// server is what the commands that run in the background are told.
type server struct {
	config string
	log    logging
}

func (s *server) flags(cmd *cobra.Command) {
	configFlag(cmd, &s.config)
	s.log.flags(cmd)
}

func (s *server) run(cmd *cobra.Command, roles []string) error {
	if err := haveConfig(s.config); err != nil {
		return err
	}
	log, err := s.log.logger(cmd.ErrOrStderr())
	if err != nil {
		return wrongUsage(cmd, err)
	}
	return app.Serve(cmd.Context(), app.ServeOptions{ConfigPath: s.config, Roles: roles, Log: log, Out: cmd.OutOrStdout()})
}

func newServe() *cobra.Command {
	var s server
	var roles []string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Runs the server: API, webhooks, scheduler and workers",
		Args:  args(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return s.run(cmd, roles) },
	}
	s.flags(cmd)
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "the roles of this process: web, scheduler, worker (default all)")
	return cmd
}

func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", defaultConfig, "the configuration file")
}

// haveConfig says how to make a configuration where there is none.
func haveConfig(path string) error {
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return nil // whatever else is wrong shows when it is read
	}
	return &cli.UsageError{Err: fmt.Errorf(
		"%s does not exist; copy configs/example.yaml there and fill in your number, name another file with --config, or try `carillon demo`", path)}
}

// quiet is the log of commands that have nothing to say but when it is wrong.
func quiet(cmd *cobra.Command) *slog.Logger {
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}
