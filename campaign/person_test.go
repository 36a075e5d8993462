package campaign_test

import (
	"testing"

	"pgregory.net/rapid"

	"carillon/campaign"
)

func TestPersonFoldsNationalTwins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, number, want string }{
		{"Brazil with the ninth digit", "+5511961294498", "+5511961294498"},
		{"Brazil without it", "+551161294498", "+5511961294498"},
		{"Brazil, as a wa_id tells it", "+" + "553188887777", "+5531988887777"},
		{"Brazil, a fixed line", "+551130294498", "+551130294498"},
		{"Brazil, a new mobile range is no fixed line's twin", "+5511930294498", "+5511930294498"},
		{"Mexico with the legacy 1", "+5212221115136", "+522221115136"},
		{"Mexico without it", "+522221115136", "+522221115136"},
		{"Mexico, too short for the legacy form", "+52122211151", "+52122211151"},
		{"Argentina with the mobile 9", "+5491123002525", "+541123002525"},
		{"Argentina without it", "+541123002525", "+541123002525"},
		{"Argentina, a nine within", "+541193002525", "+541193002525"},
		{"another country with the same digits", "+4491123002525", "+4491123002525"},
		{"the shortest prefix alone", "+55", "+55"},
		{"too short", "+", "+"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := campaign.Person(c.number); got != c.want {
				t.Errorf("Person(%q) = %q, want %q", c.number, got, c.want)
			}
		})
	}
}

func TestPersonIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`\+(5[245])?[0-9]{0,13}`).Draw(t, "number")
		once := campaign.Person(number)
		if twice := campaign.Person(once); twice != once {
			t.Fatalf("Person(%q) = %q, and of that %q", number, once, twice)
		}
	})
}

func TestPersonJoinsTwinsAndNobodyElse(t *testing.T) {
	t.Parallel()
	twins := map[string]func(a, b string) bool{
		"+55": func(a, b string) bool { return len(a) == 11 && a[2] == '9' && a[:2]+a[3:] == b },
		"+52": func(a, b string) bool { return a == "1"+b },
		"+54": func(a, b string) bool { return a == "9"+b },
	}
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"+55", "+52", "+54"}).Draw(t, "prefix")
		digits := rapid.StringMatching(`[1-9]{2}[0-9]{8,9}`)
		a, b := digits.Draw(t, "a"), digits.Draw(t, "b")
		if rapid.Bool().Draw(t, "make b a twin of a") {
			b = campaign.Person(prefix + a)[len(prefix):]
		}
		same := campaign.Person(prefix+a) == campaign.Person(prefix+b)
		if same && a != b && !twins[prefix](a, b) && !twins[prefix](b, a) {
			t.Fatalf("%s%s and %s%s are taken for one person", prefix, a, prefix, b)
		}
	})
}
