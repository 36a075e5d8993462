// Package simulator is a WhatsApp Cloud API that reaches nobody: it takes
// template messages as the real one does, answers with its refusals, and posts
// signed receipts to a webhook, with every fault a real provider has.
//
// It guarantees that the same seed gives the same faults for the same
// recipient, template and try, and it keeps the truth of what it accepted and
// reported, which Truth.Audit holds against a sender's own report. It knows no
// templates (any name is approved), serves no media and no management calls,
// and its control calls are open to whoever reaches the address.
package simulator
