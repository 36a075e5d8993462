package test

import (
	"testing"

	"carillon/internal/programtest"
	"carillon/simulator"
)

// BenchmarkThroughput sends b.N messages without a limit on the rate, through
// the embedded Redis and through a real one. Run it with -benchtime 2000x.
func BenchmarkThroughput(b *testing.B) {
	for name, redis := range map[string]func(testing.TB) string{
		"redis":    startRedis,
		"embedded": func(testing.TB) string { return configuredEmbedded },
	} {
		b.Run(name, func(b *testing.B) {
			h := startHouse(b, setup{redis: redis(b), simulator: simulator.Options{Receipts: simulator.ReceiptOptions{Lost: 1}}})
			definition, contacts := write(b, "campaign.yaml", oneStep), people(b, b.N)
			b.ResetTimer()
			h.launch(b, definition, contacts)
			programtest.Eventually(b, programtest.Patience, "all are accepted", func() bool { return h.provider.Counts().Accepted == b.N })
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
