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

func TestSettingsAreChecked(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Settings)
		want   []string
	}{
		"nothing at all": {func(s *Settings) { *s = Settings{} }, []string{
			"base_url must be an http or https address", "phone_number_id is missing", "access_token is missing", "app_secret is missing",
		}},
		"base without http":    {func(s *Settings) { s.BaseURL = "graph.facebook.com" }, []string{"base_url"}},
		"base with a query":    {func(s *Settings) { s.BaseURL = "https://example.com?a=b" }, []string{"base_url"}},
		"base with a user":     {func(s *Settings) { s.BaseURL = "https://me:secret-token@example.com" }, []string{"base_url"}},
		"base unreadable":      {func(s *Settings) { s.BaseURL = "https://exa mple.com" }, []string{"base_url"}},
		"odd version":          {func(s *Settings) { s.APIVersion = "23" }, []string{"api_version is not a version; write it like v23.0"}},
		"a number for id":      {func(s *Settings) { s.PhoneNumberID = "+447700900777" }, []string{"phone_number_id must contain only digits"}},
		"a slash in the id":    {func(s *Settings) { s.PhoneNumberID = "1/2" }, []string{"phone_number_id must contain only digits"}},
		"a name for account":   {func(s *Settings) { s.WABAID = "mine" }, []string{"waba_id must contain only digits"}},
		"token with a line":    {func(s *Settings) { s.AccessToken = "secret-token\n" }, []string{"access_token contains"}},
		"secret with a line":   {func(s *Settings) { s.AppSecret = "secret-token\n" }, []string{"app_secret begins or ends"}},
		"blank verify token":   {func(s *Settings) { s.VerifyToken = "  " }, []string{"verify_token is blank"}},
		"everything":           {func(*Settings) {}, nil},
		"no version, no words": {func(s *Settings) { s.APIVersion, s.VerifyToken, s.WABAID = "", "", "" }, nil},
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
			if strings.Contains(found, "secret-token") {
				t.Errorf("%q tells a secret", found)
			}
		})
	}
}
