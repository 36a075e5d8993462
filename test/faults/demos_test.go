package faults

import (
	"fmt"
	"os/exec"
	"testing"

	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/whatsapp/providers"
)

// TestDemos runs the demo of every kind of provider on both engines; short runs do
// it for two kinds that have little in common. The demo audits itself.
func TestDemos(t *testing.T) {
	program, postgres := programtest.Program(t), postgrestest.Start(t)
	for _, spec := range providers.All() {
		for _, engine := range []string{engineSQLite, enginePostgres} {
			chosen := spec.Name == "vonage" && engine == engineSQLite || spec.Traits.Polled && engine == enginePostgres
			if !*everywhere && !chosen {
				continue
			}
			arguments := []string{"demo", "--provider", spec.Name, "--people", "200"}
			if engine == enginePostgres {
				arguments = append(arguments, "--ledger", postgres.Database(t))
			}
			t.Run(fmt.Sprintf("%s/%s", spec.Name, engine), func(t *testing.T) {
				t.Parallel()
				if said, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, said)
				}
			})
		}
	}
}
