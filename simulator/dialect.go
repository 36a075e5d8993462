package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Dialect is how one kind of provider talks over HTTP. What happens to a
// message, what people say and what is true of it all is the simulator's, and
// the same in every dialect. Dialects lists them.
type Dialect interface {
	// Name is the provider's, as carillon.yaml has it.
	Name() string
	// About tells people in a few words what the dialect is like, and what it
	// lacks.
	About() string

	// settings are a channel's, see Options.Settings.
	settings(o Options, base string) map[string]string
	// routes are the patterns of http.ServeMux under which messages are taken.
	routes() []string
	// decode reads a request for a message, and says why it is refused unless that
	// is nil: what is wrong with its sender, its path or its body.
	decode(r *http.Request, o Options) (request, *refusal)
	// accept is the answer to a message that was accepted under an identifier.
	accept(m request, id string, d decision) answer
	// refuse is the answer to a request that was not.
	refuse(no refusal) answer
	// failure is the code of a message that failed in the end.
	failure(fate fault) int
	// webhook is the body of a POST that tells a list, which is the dialect's to
	// change.
	webhook(account string, list []telling) []byte
	// sign adds the headers by which a receiver knows the provider.
	sign(h http.Header, o Options, body []byte)
	// alone says that a POST of the provider's tells one thing, and never several.
	alone() bool
	// lacks are the kinds of Event that the provider never tells.
	lacks() []string
}

// broader is a dialect with requests besides those for messages.
type broader interface {
	// more are the patterns of http.ServeMux under which they come.
	more() map[string]extra
}

// extra answers a request that is for no message.
type extra func(s *Simulator, r *http.Request) answer

// Dialects lists all there are, the Cloud API's first.
func Dialects() []Dialect {
	return []Dialect{
		cloudDialect{}, service4uDialect{}, dialog360Dialect{}, dialog360V1Dialect{}, newVonage(false), newVonage(true), gatewayDialect{},
	}
}

// DialectOf finds the dialect of a provider by its name in carillon.yaml. The
// error lists the names that there are.
func DialectOf(name string) (Dialect, error) {
	var names []string
	for _, d := range Dialects() {
		if d.Name() == name {
			return d, nil
		}
		names = append(names, d.Name())
	}
	return nil, fmt.Errorf("no simulator speaks as %q; choose one of %s", name, strings.Join(names, ", "))
}

// Settings are what a channel needs in carillon.yaml, by its keys, to reach a
// simulator with these options that listens at base, an address such as
// http://127.0.0.1:8090. Where the options leave a choice it is made up.
func (o Options) Settings(base string) map[string]string {
	o.AccessToken = cmp.Or(o.AccessToken, "any-token")
	o.AppSecret = cmp.Or(o.AppSecret, "any-secret")
	return o.withDialect().Dialect.settings(o, base)
}

// Check reports a fault of which the provider's webhooks never tell.
func (o Options) Check() error { return o.withDialect().check(o.Faults) }

func (o Options) check(f Faults) error {
	if f.PreferenceStop > 0 && o.untold(StopMarketing) {
		return fmt.Errorf("fault %s: %s never reports that somebody stopped marketing; leave it out", stopsMarketing, o.Dialect.Name())
	}
	return nil
}

func (o Options) withDialect() Options {
	if o.Dialect == nil {
		o.Dialect = cloudDialect{}
	}
	return o
}

// untold reports whether the provider never tells what a person says.
func (o Options) untold(k Kind) bool {
	return (k == StopMarketing || k == WantMarketing) && slices.Contains(o.Dialect.lacks(), preference)
}
