package simulator

import "net/http"

// Dialect is how one kind of provider talks over HTTP. What happens to a
// message, what people say and what is true of it all is the simulator's, and
// the same in every dialect.
type Dialect interface {
	// Name is the provider's, as carillon.yaml has it.
	Name() string

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
	// webhook is the body of a POST that tells a list.
	webhook(account string, list []telling) []byte
	// sign adds the headers by which a receiver knows the provider.
	sign(h http.Header, o Options, body []byte)
}
