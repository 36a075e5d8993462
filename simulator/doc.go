// Package simulator is a WhatsApp provider that reaches nobody: it takes
// template messages as a real one does, answers with its refusals, and posts
// signed receipts to a webhook, or tells them who asks, with every fault a real
// provider has. It speaks as one of the kinds that Dialects lists, the Cloud API
// unless told. It plays the people as well: they answer, press buttons, write STOP and START, and stop
// marketing in the app's menu, each by a share or by the last digits of their
// numbers. An Event makes it tell one thing at once: that a template was paused,
// an account restricted, a number changed.
//
// It guarantees that the same seed gives the same faults for the same
// recipient, template and try, and it keeps the truth of what it accepted,
// reported and had people say, which Truth.Audit holds against a sender's own report. It knows no
// templates (any name is approved), serves no media and no management calls,
// and its control calls are open to whoever reaches the address.
package simulator
