package main

import (
	"github.com/spf13/cobra"

	"carillon/client"
	"carillon/internal/cli"
)

func newReport() *cobra.Command {
	var to connection
	var file string
	cmd := &cobra.Command{
		Use:   "report ID",
		Short: "Writes a campaign's report: a CSV file with a line per recipient and step",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return to.with(func(c *client.Client) error {
				if file == "" {
					return c.Report(cmd.Context(), ids[0], cmd.OutOrStdout())
				}
				return cli.ReportFile(cmd.Context(), c, ids[0], file)
			})
		},
	}
	to.flag(cmd)
	cmd.Flags().StringVarP(&file, "output", "o", "", "the file to write; without one, standard output")
	return cmd
}
