package vonage

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// tokenLife is how long a token counts, as in Vonage's own libraries.
	tokenLife = 15 * time.Minute
	// renewAfter is when the next one is made: at 80 % of its life.
	renewAfter = tokenLife * 4 / 5
	// smallSkew is what a clock may be wrong without being corrected.
	smallSkew = 5 * time.Second
)

// tokens makes the tokens that prove to Vonage who is calling, and keeps the last.
type tokens struct {
	application string
	key         *rsa.PrivateKey
	now         func() time.Time

	mu    sync.Mutex
	token string
	renew time.Time
	// skew is how far Vonage's clock is ahead of ours.
	skew time.Duration
}

func newTokens(application string, key *rsa.PrivateKey) *tokens {
	return &tokens{application: application, key: key, now: time.Now}
}

// current is a token that has some life left.
func (t *tokens) current() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == "" || !t.now().Before(t.renew) {
		t.make()
	}
	return t.token
}

// after is a token in place of one that was refused, in an answer with these
// headers. Of many that are refused at once, the first makes the next. It is made
// by Vonage's clock, where that is another than ours.
func (t *tokens) after(refused string, answer http.Header) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != refused {
		return t.token
	}
	if date, err := http.ParseTime(answer.Get("Date")); err == nil {
		t.skew = date.Sub(t.now())
		if t.skew.Abs() <= smallSkew {
			t.skew = 0
		}
	}
	t.make()
	return t.token
}

func (t *tokens) make() {
	now := t.now()
	issued := now.Add(t.skew)
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"application_id": t.application, "jti": rand.Text(),
		"iat": issued.Unix(), "exp": issued.Add(tokenLife).Unix(),
	}).SignedString(t.key)
	if err != nil {
		panic(err) // an RSA key of this size signs
	}
	t.token, t.renew = token, now.Add(renewAfter)
}
