// Package whatsapptest is the suite that every provider's folder has to pass,
// and what its tests share.
package whatsapptest

import (
	"fmt"
	"strings"

	"carillon/whatsapp"
)

// Summary writes a refusal as one line: class, reason, and what else is set.
func Summary(e *whatsapp.Error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s", e.Class, e.Reason)
	if e.Budget != "" {
		fmt.Fprintf(&b, " budget=%s", e.Budget)
	}
	if e.Scope != "" {
		fmt.Fprintf(&b, " scope=%s", e.Scope)
	}
	if e.Suppress != "" {
		fmt.Fprintf(&b, " suppress=%s", e.Suppress)
	}
	if e.Wait != 0 {
		fmt.Fprintf(&b, " wait=%v", e.Wait)
	}
	if e.Asked {
		b.WriteString(" asked")
	}
	if e.Retries != 0 {
		fmt.Fprintf(&b, " retries=%d", e.Retries)
	}
	if e.Unwritten {
		b.WriteString(" unwritten")
	}
	return b.String()
}
