// Package campaign is the domain of Carillon: campaigns, their steps, the
// people on a list, the messages sent to them, and the rules that connect
// these. It reads no file but those of time zones, opens no connection and asks
// no clock.
//
// The rules that carry a promise are data or pure functions here: the table of
// allowed status moves (status.go), what a receipt does to a message
// (receipt.go), when a gate opens (gate.go), and how a row of the list becomes
// the components of a template (render.go).
package campaign
