package campaign_test

import (
	"fmt"
	"strings"
	"testing"

	"carillon/campaign"
)

func TestSourceShowsNoSecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		source campaign.Source
		want   string
	}{
		{campaign.Source{File: "lists/%Y-%m-%d.csv"}, "lists/%Y-%m-%d.csv"},
		{campaign.Source{URL: "https://user:hidden@lists.example:8443/%Y/%d.csv?key=hidden#hidden"}, "https://lists.example:8443/%Y/%d.csv"},
		{campaign.Source{URL: "https://lists.example", Headers: map[string]string{"X-Key": "hidden"}}, "https://lists.example/"},
		{campaign.Source{URL: "https://user:hid/den@lists.example/"}, "an unreadable address"},
		{campaign.Source{URL: "hidden"}, "an unreadable address"},
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

func TestDatabaseShowsNoPassword(t *testing.T) {
	t.Parallel()
	const unreadable = "an unreadable database address"
	for dsn, want := range map[string]string{
		"":                                "",
		"sqlite:lists/shop.db":            "sqlite:lists/shop.db",
		"postgres://ann:hidden@host/shop": "postgres://ann@host/shop",
		"postgresql://host:5433/shop?sslmode=require&password=hidden": "postgresql://host:5433/shop",
		"postgres://:hidden@host/shop":                                "postgres://host/shop",
		"postgres:///shop?host=/run":                                  "postgres:///shop",
		"postgres://ann:hid/den@host/shop":                            unreadable,
		"postgres://ann:1/hidden@host/shop":                           unreadable,
		"postgres://ann:1?hidden@host/shop":                           unreadable,
		"postgres://ann:1#hidden@host/shop":                           unreadable,
		"host=a password=hidden":                                      unreadable,
		"postgres:hidden":                                             unreadable,
	} {
		if got := (campaign.Source{DSN: dsn}).Database(); got != want {
			t.Errorf("%s: got %s, want %s", dsn, got, want)
		}
	}
}
