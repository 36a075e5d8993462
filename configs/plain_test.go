package configs

import (
	"os"
	"path/filepath"
	"testing"

	"carillon/whatsapp/providers"

	"github.com/google/go-cmp/cmp"
)

// Secrets in the file itself are told where everybody may read it; those of
// variables are not there.
func TestExposedSecrets(t *testing.T) {
	t.Parallel()
	const head = "channels:\n  main: {phone_number_id: \"1\", access_token: "
	const variables = head + "\"${WHATSAPP_TOKEN}\", app_secret: \"${WHATSAPP_APP_SECRET}\"}\n"
	const plain = head + `token, app_secret: secret, verify_token: word}
ledger: postgres://carillon:hidden@host/carillon
redis: redis://:hidden@host:6379
http: {tokens: [{name: ops, token: "${CARILLON_TOKEN}", role: admin}, {name: eve, token: 0123456789abcdef, role: viewer}]}
seal_keys: ["${CARILLON_SEAL_KEY}", 0a112233445566778899aabbccddeeff00112233445566778899aabbccddeeff]
schedules:
  - {name: a, campaign: a.yaml, cron: "@daily", contacts: "https://lists.example/a.csv?key=hidden"}
  - {name: b, campaign: a.yaml, cron: "@daily", contacts: {url: "https://lists.example/a.csv", headers: {X-Key: hidden, X-Other: "${LISTS_TOKEN}"}}}
  - {name: c, campaign: a.yaml, cron: "@daily", contacts: {dsn: "postgres://a:hidden@host/shop", query: SELECT 1}}
  - {name: d, campaign: a.yaml, cron: "@daily", contacts: {dsn: "postgres://a:${SHOP_PASSWORD}@host/shop", query: SELECT 1}}
  - {name: e, campaign: a.yaml, cron: "@daily", contacts: lists/a.csv}
`
	all := []string{
		"ledger", "redis", "http.tokens[1].token", "seal_keys[1]",
		"channels.main.access_token", "channels.main.app_secret", "channels.main.verify_token",
		"schedules[0].contacts", "schedules[1].contacts.headers.X-Key", "schedules[2].contacts.dsn",
	}
	for name, test := range map[string]struct {
		text string
		mode os.FileMode
		want []string
	}{
		"everybody may read":  {plain, 0o644, all},
		"everybody may write": {plain, 0o602, all},
		"the group may read":  {plain, 0o640, nil},
		"nobody else may":     {plain, 0o600, nil},
		"variables":           {variables, 0o644, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "carillon.yaml")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			config, err := Load(path, environment, providers.All())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, config.Exposed); diff != "" {
				t.Error(diff)
			}
		})
	}
}
