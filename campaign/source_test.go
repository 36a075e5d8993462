package campaign_test

import (
	"fmt"
	"strings"
	"testing"

	"carillon/campaign"
)

func TestSourceShowsNoSecret(t *testing.T) {
	for _, test := range []struct {
		source campaign.Source
		want   string
	}{
		{campaign.Source{File: "lists/%Y-%m-%d.csv"}, "lists/%Y-%m-%d.csv"},
		{campaign.Source{URL: "https://user:hidden@lists.example:8443/%Y/%d.csv?key=hidden#hidden"}, "https://lists.example:8443/%Y/%d.csv"},
		{campaign.Source{URL: "https://lists.example", Headers: map[string]string{"X-Key": "hidden"}}, "https://lists.example/"},
		{campaign.Source{URL: "https://user:hid/den@lists.example/"}, "an address that cannot be read"},
		{campaign.Source{URL: "hidden"}, "an address that cannot be read"},
		{campaign.Source{DSN: "postgres://user:hidden@host/shop", Query: "SELECT 'hidden'"}, "postgres query"},
		{campaign.Source{DSN: "postgresql://user:hidden@host/shop"}, "postgres query"},
		{campaign.Source{DSN: "sqlite:shop.db"}, "sqlite query"},
		{campaign.Source{DSN: "hidden"}, "unknown query"},
	} {
		if got := test.source.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
		schedule := campaign.Schedule{Name: "daily", Contacts: test.source}
		for _, verb := range []string{"%v", "%+v"} {
			if got := fmt.Sprintf(verb, schedule); !strings.Contains(got, test.want) || strings.Contains(got, "hid") {
				t.Errorf("%s: got %s", verb, got)
			}
		}
	}
}
