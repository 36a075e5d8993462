package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/app"
)

func newMigrate() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Brings the ledger's tables up to this version, as serve does when it starts",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := haveConfig(config); err != nil {
				return err
			}
			return app.Migrate(cmd.Context(), config, cmd.OutOrStdout(), quiet(cmd))
		},
	}
	configFlag(cmd, &config)
	return cmd
}
