package vonage

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"carillon/whatsapp"
)

// claimsOf are the claims of a token.
func claimsOf(t *testing.T, token string) (claims struct {
	ID      string `json:"jti"`
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
}) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// sendTo sends a message to an API that answers the n-th request (0 is the first)
// by the handler. It gives the tokens that came.
func sendTo(t *testing.T, answer func(w http.ResponseWriter, n int)) (tokens []string, accepted whatsapp.Accepted, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := len(tokens)
		tokens = append(tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		answer(w, n)
	}))
	defer server.Close()
	c, _ := channel(t, Name, server.URL)
	accepted, err = c.Send(t.Context(), whatsapp.Message{To: "+447700900123"})
	return tokens, accepted, err
}

func accept(t *testing.T, w http.ResponseWriter) {
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(recorded(t, "answers/accepted.json"))
}

// A clock that is an hour behind: the first token is refused, and the second is
// made by Vonage's clock.
func TestARefusedTokenIsMadeAnewByVonagesClock(t *testing.T) {
	theirs := time.Now().Add(time.Hour).UTC()
	tokens, accepted, err := sendTo(t, func(w http.ResponseWriter, n int) {
		if n == 0 {
			w.Header().Set("Date", theirs.Format(http.TimeFormat))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		accept(t, w)
	})
	if err != nil || accepted.ID == "" || len(tokens) != 2 {
		t.Fatalf("%d requests, %+v, %v", len(tokens), accepted, err)
	}
	first, second := claimsOf(t, tokens[0]), claimsOf(t, tokens[1])
	if first.ID == second.ID || time.Unix(second.Issued, 0).Sub(theirs).Abs() > time.Minute || second.Expires-second.Issued != 900 {
		t.Errorf("tokens %+v and %+v at %v", first, second, theirs)
	}
}

func TestARefusedKeyIsTriedTwiceAndPauses(t *testing.T) {
	tokens, _, err := sendTo(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write(recorded(t, "answers/unauthorized.json"))
	})
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) || refusal.Class != whatsapp.Pause || refusal.Scope != whatsapp.AccountScope || len(tokens) != 2 {
		t.Errorf("%d requests, %v", len(tokens), err)
	}
}

// Only a 401 is repeated: after anything else a message may have been taken, or
// never will be.
func TestNothingElseIsRepeated(t *testing.T) {
	for _, status := range []int{200, 202, 302, 400, 402, 403, 404, 408, 422, 429, 500, 502, 503} {
		tokens, _, err := sendTo(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(status) })
		if err == nil || len(tokens) != 1 {
			t.Errorf("HTTP %d: %d requests, %v", status, len(tokens), err)
		}
	}
	tokens, _, err := sendTo(t, func(w http.ResponseWriter, n int) {
		if n == 0 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		panic(http.ErrAbortHandler) // it may have been taken
	})
	var refusal *whatsapp.Error
	if !errors.As(err, &refusal) || refusal.Class != whatsapp.Ambiguous || len(tokens) != 2 {
		t.Errorf("%d requests, %v", len(tokens), err)
	}
}

func TestTokensAreKeptForMostOfTheirLife(t *testing.T) {
	key, _ := newKey(t, 2048)
	made := newTokens(application, key)
	now := time.Now()
	made.now = func() time.Time { return now }
	first := made.current()
	now = now.Add(12*time.Minute - time.Second)
	if made.current() != first {
		t.Error("another token within 80 % of the life of the first")
	}
	now = now.Add(time.Second)
	second := made.current()
	if second == first || claimsOf(t, second).Issued != now.Unix() {
		t.Error("no other token after 80 % of the life of the first")
	}
	if verifyRS256(&key.PublicKey, strings.Split(second, ".")) != nil {
		t.Error("it is not signed with the key")
	}
}

// Many requests that are refused at once make one token, and a clock that is right
// stays as it is.
func TestManyRefusalsMakeOneToken(t *testing.T) {
	key, _ := newKey(t, 2048)
	made := newTokens(application, key)
	first := made.current()
	var mu sync.Mutex
	seen := map[string]bool{}
	var senders sync.WaitGroup
	for range 20 {
		senders.Go(func() {
			next := made.after(first, http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}})
			mu.Lock()
			defer mu.Unlock()
			seen[next] = true
		})
	}
	senders.Wait()
	if len(seen) != 1 || seen[first] || made.skew != 0 {
		t.Errorf("%d tokens, a skew of %v", len(seen), made.skew)
	}
}
