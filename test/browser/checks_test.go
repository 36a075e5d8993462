package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// broken is a page with every mistake that the checks look for.
const broken = `<!doctype html><html><head><meta name="viewport" content="width=device-width"><title></title><style>
.pale { color: #999; background: white }
.seethrough { color: rgb(0 0 0 / .4) }
.still:focus { outline: none }
input, table { width: 500px }
::placeholder { color: #bbb }
#moving { transition: width 1s }
</style></head><body>
<h2>A heading</h2><p class="pale">Pale</p><p class="seethrough">Half seen</p><p>Of שלום (1)</p>
<img src="data:,"><table><tr><td>cell</td></tr></table>
<input id="q"><input id="q" placeholder="what" style="border: 1px solid #ccc">
<a class="still" href="/">Still</a><a href="/" tabindex="1">First</a><button></button><div id="moving">moves</div>
<div style="position: absolute; top: -900px"><a href="/">Away</a></div>
</body></html>`

// TestTheChecksFindMistakes: a page with mistakes does not pass.
func TestTheChecksFindMistakes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(broken))
	}))
	t.Cleanup(server.Close)
	w := newTab(startChrome(t), t, server.URL)
	found := &complaints{TB: t}
	w.TB = found
	w.wear(look{narrow: true})
	w.open("/")
	w.wantUsable(look{narrow: true})
	w.wantNamedControls(look{narrow: true})
	w.wantVisibleFocus(look{narrow: true})
	w.wantStillness()
	w.TB = t
	for _, wanted := range []string{
		`"Pale": text has a contrast of 2.85`, `"Half seen": text has a contrast of`, "is not kept apart", "has no label", "the placeholder has a contrast",
		"the field's edge has a contrast", "write dir=auto", "does not say its language", "has no title", "has not one h1", "a heading of level 2 follows",
		"several elements have the id q", "has no alt", "has no head", "does not scroll by itself", "pixels wide", "the role button has no name", "0 parts of the role main",
		`"Still": looks the same`, `"First": is out of the order`, `"First" is never reached`, `"Away": has the focus out of sight`, `<div class=""> moves`,
	} {
		if !slices.ContainsFunc(found.texts, func(text string) bool { return strings.Contains(text, wanted) }) {
			t.Errorf("nobody says %q", wanted)
		}
	}
	if t.Failed() {
		t.Logf("what is said:\n%s", strings.Join(found.texts, "\n"))
	}
}

// complaints keeps what a test would fail with.
type complaints struct {
	testing.TB
	texts []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.texts = append(c.texts, fmt.Sprintf(format, args...))
}
