package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"carillon/whatsapp/cloud"
)

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	config, err := load(t, `
redis: redis://user:redis-secret@host:6379/0
ledger: postgres://host/carillon?user=ann&password=ledger-secret
seal_keys: ["${CARILLON_SEAL_KEY}"]
http: {tokens: [{name: ops, token: "${CARILLON_TOKEN}", role: admin}]}
channels:
  main:
    phone_number_id: "1"
    access_token: ${WHATSAPP_TOKEN}
    app_secret: ${WHATSAPP_APP_SECRET}
    verify_token: ${WHATSAPP_VERIFY_TOKEN}
schedules:
  - name: by-url
    campaign: a.yaml
    contacts: {url: "https://user:url-secret@lists.example/a.csv?key=query-secret", headers: {X-Key: header-secret}}
    cron: "@daily"
  - name: by-query
    campaign: a.yaml
    contacts: {dsn: "postgres://user:dsn-secret@host/shop", query: SELECT 1}
    cron: "@daily"
`)
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		log := slog.New(handler)
		log.Info("whole", "config", config, "value", *config)
		log.Info("parts", "http", config.HTTP, "channels", config.Channels, "tokens", config.HTTP.Tokens, "schedules", config.Schedules)
	}
	for _, part := range []any{config, *config, config.HTTP, config.HTTP.Tokens, config.HTTP.Tokens[0], config.Channels, config.Channels["main"].Settings, config.Schedules, config.Schedules[0].Contacts} {
		fmt.Fprintf(&shown, "%v %+v %s\n", part, part, part)
	}
	text := shown.String()
	if strings.Contains(text, "-secret") || strings.Contains(text, sealKey) {
		t.Errorf("a secret is shown:\n%s", text)
	}
	for _, needed := range []string{"ops", "admin", "main", "redis://[redacted]@host:6379/0", "access_token=[redacted]", "https://lists.example/a.csv", "postgres query", "seal_keys=1", "trusted_proxies="} {
		if !strings.Contains(text, needed) {
			t.Errorf("%s is not shown:\n%s", needed, text)
		}
	}
	encoded, err := json.Marshal([]any{config.Channels, config.Schedules, Config{SealKeys: config.SealKeys}})
	if err != nil || bytes.Contains(encoded, []byte("-secret")) || bytes.Contains(encoded, []byte(sealKey)) {
		t.Errorf("JSON: %s, %v", encoded, err)
	}
}

func TestMissingSecretsShowAsMissing(t *testing.T) {
	t.Parallel()
	text := Channel{Settings: &cloud.Settings{AccessToken: "x"}}.String()
	if !strings.Contains(text, "access_token=[redacted]") || !strings.Contains(text, "app_secret= ") {
		t.Error(text)
	}
}

func TestPasswordsOfAddressesAreHidden(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://host/db?sslmode=require":                "postgres://host/db?sslmode=require",
		"postgres://ann:hidden@host/db":                     "postgres://[redacted]@host/db",
		"postgres://ann:hid@?den@host/db":                   "postgres://[redacted]@host/db",
		"postgres://host/db?user=ann&PassWord=hidden":       "postgres://host/db?[redacted]",
		"postgres://ann:hidden@host/db?sslpassword=hidden":  "postgres://[redacted]@host/db?[redacted]",
		"redis-sentinel://:hidden@a:26379,b:26379?master=m": "redis-sentinel://[redacted]@a:26379,b:26379?master=m",
		"sqlite:carillon.db":                                "sqlite:carillon.db",
	} {
		if got := hidePassword(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
