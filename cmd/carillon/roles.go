package main

import "github.com/spf13/cobra"

// newRole is short for serve with one role.
func newRole(role string) *cobra.Command {
	var s server
	cmd := &cobra.Command{
		Use:   role,
		Short: "Short for serve --roles " + role,
		Args:  args(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return s.run(cmd, []string{role}) },
	}
	s.flags(cmd)
	return cmd
}
