package campaign

import "testing"

func TestIsUS(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]bool{
		"+12025550123":  true,  // Washington, D.C.
		"+16315551234":  true,  // New York
		"+14165550123":  false, // Toronto
		"+18765550123":  false, // Jamaica
		"+17875550123":  false, // Puerto Rico
		"+447700900123": false,
		"+1202555012":   false, // too short to be any number
		"+20255501234":  false, // Egypt
		"":              false,
	} {
		if got := IsUS(phone); got != want {
			t.Errorf("%q is of the United States: %t, want %t", phone, got, want)
		}
	}
}
