// Package browser holds the pages to their promises in a real browser: Debian's
// Chromium looks at the real program, which sends to a simulated provider.
//
// pages_test.go has the table of pages. What is in it is tested for keyboards,
// screen readers, contrast and width, and shown in docs/pages.md. The walks are
// what people do on the pages.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"carillon/internal/programtest"
)

// startChrome starts a browser, which ends with the test.
func startChrome(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v; `make needs` installs it", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(programtest.Patience),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"), chromedp.Env("TZ=Europe/Madrid", "LANG=en_GB.UTF-8"))
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(release)
	chrome, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() { _ = chromedp.Cancel(chrome) }) // it may have ended
	if err := chromedp.Run(chrome); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return chrome
}

// tab is one window of a browser, with cookies of its own.
type tab struct {
	testing.TB
	ctx  context.Context
	root string // the server's address

	cookies cdp.BrowserContextID // whose it has
	folder  string               // that downloads go to

	mu      sync.Mutex
	trouble []string
}

// newTab opens a window. What its console is told of mistakes fails the test.
func newTab(chrome context.Context, t testing.TB, root string) *tab {
	t.Helper()
	cookies, id, err := openWindow(chrome)
	if err != nil {
		t.Fatalf("open a window: %v", err)
	}
	ctx, end := chromedp.NewContext(chrome, chromedp.WithTargetID(id))
	w := &tab{TB: t, ctx: ctx, root: root, cookies: cookies}
	chromedp.ListenTarget(ctx, w.hear)
	if err := chromedp.Run(ctx, log.Enable()); err != nil { // without a limit, which would be the window's
		t.Fatalf("open a window: %v", err)
	}
	t.Cleanup(func() {
		end()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, told := range w.trouble {
			t.Errorf("the console says: %s", told)
		}
	})
	return w
}

// openWindow opens a window that shares no cookies with any other. Only a window can
// be opened for them, and no tab.
func openWindow(chrome context.Context) (cookies cdp.BrowserContextID, id target.ID, err error) {
	if cookies, err = target.CreateBrowserContext().Do(ofBrowser(chrome)); err != nil {
		return "", "", err
	}
	id, err = target.CreateTarget("about:blank").WithBrowserContextID(cookies).WithNewWindow(true).Do(ofBrowser(chrome))
	return cookies, id, err
}

// ofBrowser has a command go to the browser and not to one of its windows.
func ofBrowser(ctx context.Context) context.Context {
	return cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser)
}

// hear notes mistakes: scripts that fail, and what the page's policy forbids. A page
// that is a refusal is no mistake.
func (w *tab) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		w.trouble = append(w.trouble, event.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if event.Entry.Level == log.LevelError && event.Entry.Source != log.SourceNetwork {
			w.trouble = append(w.trouble, event.Entry.Text)
		}
	}
}

// do has the browser do something that takes a moment.
func (w *tab) do(what string, actions ...chromedp.Action) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, programtest.Patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.Fatalf("%s: %v\n%s", what, err, w.text())
	}
}

// open goes to an address and waits until it is there.
func (w *tab) open(path string) {
	w.Helper()
	w.do("open "+path, chromedp.Navigate(w.root+path))
}

// look is how a tab shows pages.
type look struct {
	dark   bool
	narrow bool
}

// The widths of pages, in CSS pixels: a screen on a desk, and a phone.
const wide, narrow = 1200, 390

func (l look) String() string {
	name := "wide"
	if l.narrow {
		name = "narrow"
	}
	if l.dark {
		return name + "-dark"
	}
	return name + "-light"
}

// looks are all of them.
func looks() []look { return []look{{}, {dark: true}, {narrow: true}, {dark: true, narrow: true}} }

// wear makes a tab look so.
func (w *tab) wear(l look, more ...*emulation.MediaFeature) {
	w.Helper()
	size := emulation.SetDeviceMetricsOverride(wide, 800, 1, false)
	if l.narrow {
		size = emulation.SetDeviceMetricsOverride(narrow, 844, 1, true)
	}
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	media := append(more, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: scheme})
	w.do("look "+l.String(), size, emulation.SetEmulatedMedia().WithFeatures(media))
}

// withoutScripts turns the scripts of pages off.
func (w *tab) withoutScripts() {
	w.Helper()
	w.do("turn scripts off", emulation.SetScriptExecutionDisabled(true))
}

// withScripts turns the scripts of pages on again.
func (w *tab) withScripts() {
	w.Helper()
	w.do("turn scripts on", emulation.SetScriptExecutionDisabled(false))
}

// eval evaluates an expression in the page.
func (w *tab) eval(expression string, result any) {
	w.Helper()
	w.do("evaluate", chromedp.Evaluate(expression, result))
}

// holds reports whether a condition holds in the page, which may be going away.
func (w *tab) holds(condition string) bool {
	var held bool
	ctx, cancel := context.WithTimeout(w.ctx, programtest.Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate("!!("+condition+")", &held)) == nil && held
}

// until waits for a condition in the page.
func (w *tab) until(what, condition string) {
	w.Helper()
	deadline := time.Now().Add(programtest.Patience)
	for !w.holds(condition) {
		if time.Now().After(deadline) {
			w.Fatalf("gave up waiting: %s. The page at %s:\n%s", what, w.path(), w.text())
		}
		<-time.After(20 * time.Millisecond)
	}
}

// arrives waits until the page at a path is complete.
func (w *tab) arrives(path string) {
	w.Helper()
	w.until("the page "+path+" comes", "location.pathname + location.search == "+quote(path)+" && document.readyState == 'complete'")
}

// shows waits until the page has these texts.
func (w *tab) shows(texts ...string) {
	w.Helper()
	for _, text := range texts {
		w.until("the page has "+text, "document.body && document.body.innerText.includes("+quote(text)+")")
	}
}

// lacks fails the test where a page that is complete has one of these texts.
func (w *tab) lacks(texts ...string) {
	w.Helper()
	for _, text := range texts {
		if strings.Contains(w.text(), text) {
			w.Errorf("the page has %q:\n%s", text, w.text())
		}
	}
}

func (w *tab) text() (text string) {
	w.peek("document.body ? document.body.innerText : ''", &text)
	return text
}

func (w *tab) path() (path string) {
	w.peek("location.pathname + location.search", &path)
	return path
}

// peek evaluates an expression for a message. The page may be gone.
func (w *tab) peek(expression string, result any) {
	ctx, cancel := context.WithTimeout(w.ctx, programtest.Patience)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(expression, result))
}

// control is the XPath of a link or button by what it says.
func control(label string) string {
	l := quoteXPath(label)
	return fmt.Sprintf("//*[self::a or self::button][normalize-space()=%s or @aria-label=%s]", l, l)
}

// field is the XPath of a form's control by its label.
func field(label string) string {
	return fmt.Sprintf("//*[@id=//label[normalize-space()=%s]/@for]", quoteXPath(label))
}

// offers reports whether there is such a link or button.
func (w *tab) offers(label string) bool {
	w.Helper()
	var found bool
	w.eval(fmt.Sprintf("!!document.evaluate(%s, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue", quote(control(label))), &found)
	return found
}

// click clicks a link or button by what it says.
func (w *tab) click(label string) {
	w.Helper()
	w.do("click "+label, chromedp.Click(control(label), chromedp.BySearch))
}

// fill types into a field.
func (w *tab) fill(label, text string) {
	w.Helper()
	w.do("fill in "+label, chromedp.Clear(field(label), chromedp.BySearch), chromedp.SendKeys(field(label), text, chromedp.BySearch))
}

// keeps waits until a field has a value.
func (w *tab) keeps(label, value string) {
	w.Helper()
	w.until(label+" is "+value, fmt.Sprintf("document.evaluate(%s, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue?.value == %s", quote(field(label)), quote(value)))
}

// choose chooses an option of a field.
func (w *tab) choose(label, option string) {
	w.Helper()
	w.do("choose "+option+" of "+label, chromedp.SetValue(field(label), option, chromedp.BySearch))
}

// attach puts a file into a field.
func (w *tab) attach(label, file string) {
	w.Helper()
	w.do("attach "+file, chromedp.SetUploadFiles(field(label), []string{file}, chromedp.BySearch))
}

// logIn logs in from whichever page asks for it.
func (w *tab) logIn(token string) {
	w.Helper()
	w.open("/login")
	w.fill("Token", token)
	w.click("Log in")
	w.arrives("/")
}

// picture takes a picture of the whole page.
func (w *tab) picture() (png []byte) {
	w.Helper()
	const tallest = 1100
	var height float64
	w.eval("document.documentElement.scrollHeight", &height)
	w.do("take a picture", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		var width float64
		if err := chromedp.Evaluate("innerWidth", &width).Do(ctx); err != nil {
			return err
		}
		clip := &page.Viewport{Width: width, Height: min(height, tallest), Scale: 1}
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithClip(clip).WithOptimizeForSpeed(false).Do(ctx)
		return err
	}))
	return png
}

// raw sends a command whose answer is read by us: the browser may be newer than the
// names that the library knows.
func (w *tab) raw(method string, asked map[string]any, result any) {
	w.Helper()
	w.do(method, chromedp.ActionFunc(func(ctx context.Context) error {
		var answer map[string]any
		if err := cdp.Execute(ctx, method, asked, &answer); err != nil {
			return err
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, result)
	}))
}

// quote writes a text as JavaScript has it.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be written
	}
	return string(quoted)
}

// quoteXPath writes a text without double quotes as XPath has it.
func quoteXPath(text string) string { return `"` + text + `"` }

// withQuery is a path with a query of one pair.
func withQuery(path, key, value string) string { return path + "?" + url.Values{key: {value}}.Encode() }
