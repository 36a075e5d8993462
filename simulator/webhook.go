package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// postTimeout is how long a webhook may take to answer.
const postTimeout = 10 * time.Second

// delivery is one POST of items. Its bytes stay the same when it is posted
// again.
type delivery struct {
	items []item
	body  []byte
	// posts counts how often it was posted.
	posts int
}

// post posts d once. It reports whether d is done with: answered with 200, or
// nobody to post it to.
func (o *outbox) post(ctx context.Context, d *delivery) (done bool) {
	url := o.webhook()
	if url == "" {
		return true
	}
	if d.body == nil {
		d.body = o.options.Dialect.webhook(o.account(d.items), o.book.tellings(d.items))
	}
	d.posts++
	begun := o.book.now()
	o.book.mark(d.items, posted, begun)
	err := o.request(ctx, url, d.body)
	if err == nil {
		o.book.mark(d.items, answered, begun)
		return true
	}
	if ctx.Err() == nil {
		o.log.Warn("webhook not accepted; it is posted again", "items", len(d.items), "posts", d.posts, "error", err)
	}
	return false
}

// account is the account that items are told of.
func (o *outbox) account(items []item) string {
	if said := items[0].said; said != nil && said.account != "" { // posted alone
		return said.account
	}
	return o.options.WABAID
}

// request does the POST. Any answer but 200 is an error (Meta, webhooks
// overview).
func (o *outbox) request(ctx context.Context, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	o.options.Dialect.sign(r.Header, o.options, body)
	answer, err := o.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("answered with %s instead of 200", answer.Status)
	}
	return nil
}
