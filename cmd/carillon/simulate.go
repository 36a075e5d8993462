package main

import (
	"github.com/spf13/cobra"

	"carillon/internal/app"
)

func newSimulate() *cobra.Command {
	var o app.SimulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Runs the simulated provider as a server of its own",
		Long:  app.SimulateHelp(),
		Example: `  carillon simulate --webhook http://127.0.0.1:8080/webhooks/main --app-secret not-so-secret
  carillon simulate --rate 80 --latency 100ms --faults throttle=0.02,lost_answer=0.001
  carillon simulate --webhook http://127.0.0.1:8080/webhooks/main --app-secret not-so-secret --delay 1s --faults reply=0.3,stop=0.02`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Log = cmd.OutOrStdout(), quiet(cmd)
			return app.Simulate(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8090", "the address to serve at; port 0 takes a free one")
	flags.StringVar(&o.Provider, "provider", "cloud", "the provider to simulate, see above")
	flags.StringVar(&o.Webhook, "webhook", "", "the URL that receipts and answers are posted to; without it there are none")
	flags.StringVar(&o.AppSecret, "app-secret", "", "the secret that signs the webhooks; for 360dialog-cloud and 360dialog, the word in their X-Webhook-Secret header")
	flags.StringVar(&o.Token, "token", "", "the access token or API key that requests must carry, for vonage the public key that theirs are signed for; without it any will do")
	flags.Float64Var(&o.Rate, "rate", 0, "the messages a second that it accepts; 0 is no limit")
	flags.DurationVar(&o.Latency, "latency", 0, "how long each answer takes")
	flags.DurationVar(&o.Delay, "delay", 0, "the time between a message's receipts, and from there to an answer")
	flags.StringVar(&o.Faults, "faults", "", "what goes wrong and what people do, as shares such as throttle=0.02,reply=0.3")
	flags.BoolVar(&o.Suffixes, "suffixes", false, "let the last digits of a number choose its behaviour")
	flags.StringVar(&o.Templates, "templates", "", "a JSON file with the templates that it lists, each with name, language, category, status and components; without it none are listed, and any will do")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the random faults")
	return cmd
}
