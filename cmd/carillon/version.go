package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the version",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionText(info))
			return err
		},
	}
}

// versionText is the module's version, the commit it was built from, and Go's
// version. info may be nil, for a program that was built without modules.
func versionText(info *debug.BuildInfo) string {
	text := "carillon"
	if info == nil {
		return text + " " + runtime.Version()
	}
	if info.Main.Version != "" {
		text += " " + info.Main.Version
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		text += " " + revision[:min(12, len(revision))]
		if settings["vcs.modified"] == "true" {
			text += "+changes"
		}
		if settings["vcs.time"] != "" {
			text += " of " + settings["vcs.time"]
		}
	}
	return text + " " + runtime.Version()
}
