package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/app"
)

func newMigrate() *cobra.Command {
	var config string
	var pauseAll bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Brings the ledger's tables up to this version, as serve does when it starts",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := haveConfig(config); err != nil {
				return err
			}
			return app.Migrate(cmd.Context(), config, pauseAll, cmd.OutOrStdout(), quiet(cmd))
		},
	}
	configFlag(cmd, &config)
	cmd.Flags().BoolVar(&pauseAll, "pause-all", false, "also pause all campaigns and schedules, for a ledger that was restored from a backup")
	return cmd
}
