package cloud

import (
	"strings"
	"testing"

	"carillon/whatsapp"
)

// mistakes are what is wrong with settings, a line for each.
func mistakes(s *Settings) string {
	var found strings.Builder
	s.Check(&whatsapp.Report{Fault: func(key, message string) { found.WriteString(key + " " + message + "\n") }})
	return found.String()
}

func TestSettingsSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Settings)
		want   []string
	}{
		"nothing at all": {func(s *Settings) { *s = Settings{} }, []string{
			"base_url must be an http or https address", "phone_number_id is missing", "access_token is missing", "app_secret is missing",
		}},
		"odd version":        {func(s *Settings) { s.APIVersion = "23" }, []string{"api_version is not a version; write it like v23.0"}},
		"no version":         {func(s *Settings) { s.APIVersion = "" }, nil}, // as relays want it
		"a number for id":    {func(s *Settings) { s.PhoneNumberID = "+447700900777" }, []string{"phone_number_id must contain only digits"}},
		"secret with a line": {func(s *Settings) { s.AppSecret += "\n" }, []string{"app_secret begins or ends"}},
		"blank verify token": {func(s *Settings) { s.VerifyToken = "  " }, []string{"verify_token is blank"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings("https://example.com")
			test.change(s)
			found := mistakes(s)
			if lines := strings.Count(found, "\n"); lines != len(test.want) {
				t.Errorf("found:\n%s", found)
			}
			for _, want := range test.want {
				if !strings.Contains(found, want) {
					t.Errorf("%q does not say %q", found, want)
				}
			}
		})
	}
}
