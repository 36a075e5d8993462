package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"carillon/internal/cli"
)

// logging says how the log is written.
type logging struct{ format, level string }

func (l *logging) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.format, "log-format", "text", "how the log is written: text or json")
	cmd.Flags().StringVar(&l.level, "log-level", "info", "the lowest level that is logged: debug, info, warn or error")
}

// logger writes to out, in colours where that is a terminal.
func (l *logging) logger(out io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return nil, fmt.Errorf("--log-level %q is not a level; write debug, info, warn or error", l.level)
	}
	options := &slog.HandlerOptions{Level: level}
	switch {
	case l.format == "json":
		return slog.New(slog.NewJSONHandler(out, options)), nil
	case l.format != "text":
		return nil, fmt.Errorf("--log-format %q is not a format; write text or json", l.format)
	case cli.Terminal(out):
		return slog.New(tint.NewTextHandler(out, &tint.Options{Level: level})), nil
	}
	return slog.New(slog.NewTextHandler(out, options)), nil
}
