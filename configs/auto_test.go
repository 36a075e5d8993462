package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
)

// TestAuto has limits that the provider tells, and what holds until it does.
func TestAuto(t *testing.T) {
	t.Parallel()
	read := func(lines ...string) (*Config, error) {
		text := "channels:\n"
		for i, line := range lines {
			name := string(rune('a' + i))
			text += "  " + name + ": {phone_number_id: \"" + strings.Repeat("1", i+1) + "\", access_token: t, app_secret: s, " + line + "}\n"
		}
		env := func(name string) (string, bool) { return "auto", name == "WORD" }
		path := filepath.Join(t.TempDir(), "carillon.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
		return Load(path, env, []whatsapp.Spec{cloud.Spec()})
	}
	config, err := read("rate: auto, daily_recipients: ${WORD}", "rate: 7, daily_recipients: 9")
	if err != nil {
		t.Fatal(err)
	}
	if a := config.Channels["a"]; !a.RateAuto || a.Rate != cloud.DefaultRate || !a.DailyAuto || a.DailyRecipients != 250 {
		t.Errorf("%v, %v, %v, %v", a.RateAuto, a.Rate, a.DailyAuto, a.DailyRecipients)
	}
	if b := config.Channels["b"]; b.RateAuto || b.Rate != 7 || b.DailyAuto || b.DailyRecipients != 9 {
		t.Errorf("%v, %v, %v, %v", b.RateAuto, b.Rate, b.DailyAuto, b.DailyRecipients)
	}
	if _, err := read("portfolio: p, daily_recipients: auto", "portfolio: p, daily_recipients: 250"); err == nil {
		t.Error("one portfolio has two limits")
	}
	if _, err := read("timeout: auto"); err == nil {
		t.Error("a timeout cannot be auto")
	}
}
