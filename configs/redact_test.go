package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsAreNeverShown(t *testing.T) {
	config, err := load(t, `
redis: redis://user:redis-secret@host:6379/0
http: {tokens: [{name: ops, token: "${CARILLON_TOKEN}", role: admin}]}
channels:
  main:
    phone_number_id: "1"
    access_token: ${WHATSAPP_TOKEN}
    app_secret: ${WHATSAPP_APP_SECRET}
    verify_token: ${WHATSAPP_VERIFY_TOKEN}
`)
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		log := slog.New(handler)
		log.Info("whole", "config", config, "value", *config)
		log.Info("parts", "http", config.HTTP, "channels", config.Channels, "tokens", config.HTTP.Tokens)
	}
	for _, part := range []any{config, *config, config.HTTP, config.HTTP.Tokens, config.HTTP.Tokens[0], config.Channels} {
		fmt.Fprintf(&shown, "%v %+v %s\n", part, part, part)
	}
	text := shown.String()
	if strings.Contains(text, "-secret") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	for _, needed := range []string{"ops", "admin", "main", "redis://[redacted]@host:6379/0", "access_token=[redacted]"} {
		if !strings.Contains(text, needed) {
			t.Errorf("%s is not shown:\n%s", needed, text)
		}
	}
	encoded, err := json.Marshal(config.Channels)
	if err != nil || bytes.Contains(encoded, []byte("-secret")) {
		t.Errorf("JSON: %s, %v", encoded, err)
	}
}

func TestMissingSecretsShowAsMissing(t *testing.T) {
	text := Channel{AccessToken: "x"}.String()
	if !strings.Contains(text, "access_token=[redacted]") || !strings.Contains(text, "app_secret= ") {
		t.Error(text)
	}
}
