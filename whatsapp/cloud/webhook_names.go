package cloud

import (
	"cmp"
	"regexp"

	"carillon/campaign"
	"carillon/whatsapp"
	"carillon/whatsapp/wire"
)

// contact tells what one person is called (Meta, webhooks reference, contacts,
// and business-scoped user IDs).
type contact struct {
	WaID   wire.Text `json:"wa_id"`
	UserID wire.Text `json:"user_id"`
	Parent wire.Text `json:"parent_user_id"`
}

func (c *contact) who() whatsapp.Who { return named(c.WaID, c.UserID, c.Parent) }

func named(phone, userID, parent wire.Text) whatsapp.Who {
	if campaign.LooksLikeUserID(string(phone)) { // as some services have it
		userID = cmp.Or(userID, phone)
	}
	return whatsapp.Who{
		Phone: phone.Digits(), UserID: campaign.UserID(string(userID)), ParentID: campaign.UserID(string(parent)),
	}
}

// directory has the contacts of a change. They complete what is told of its
// messages, where a part of a name is missing.
type directory struct {
	contacts []whatsapp.Who
	used     []bool
	byName   map[string]int // number or identifier → the contact that has it
}

func newDirectory(contacts []contact) *directory {
	d := &directory{contacts: make([]whatsapp.Who, len(contacts)), used: make([]bool, len(contacts)), byName: make(map[string]int, 2*len(contacts))}
	for i := range contacts {
		d.contacts[i] = contacts[i].who()
		for _, name := range namesOf(d.contacts[i]) {
			d.byName[name] = i
		}
	}
	return d
}

func namesOf(who whatsapp.Who) [3]string { return [...]string{who.Phone, who.UserID, who.ParentID} }

// complete adds the parts of a name that its contact has.
func (d *directory) complete(who whatsapp.Who) whatsapp.Who {
	for _, name := range namesOf(who) {
		i, known := d.byName[name]
		if name == "" || !known {
			continue
		}
		d.used[i] = true
		c := d.contacts[i]
		return whatsapp.Who{
			Phone: cmp.Or(who.Phone, c.Phone), UserID: cmp.Or(who.UserID, c.UserID), ParentID: cmp.Or(who.ParentID, c.ParentID),
		}
	}
	return who
}

// person is the same for whoever says, or is told of in, one of so many things.
// Where there is but one, and one contact, a name that is missing altogether is the
// contact's.
func (d *directory) person(who whatsapp.Who, things int) whatsapp.Who {
	if !who.Known() && things == 1 && len(d.contacts) == 1 {
		who = d.contacts[0]
	}
	return d.complete(who)
}

// left are the contacts that tell more than one name of a person of whom nothing
// else is told.
func (d *directory) left(number string) []whatsapp.Contact {
	var left []whatsapp.Contact
	for i, c := range d.contacts {
		told := 0
		for _, name := range namesOf(c) {
			if name != "" {
				told++
			}
		}
		if told > 1 && !d.used[i] {
			left = append(left, whatsapp.Contact{Number: number, Who: c})
		}
	}
	return left
}

// idsInBody finds the two identifiers in the words of a system message, such as
// "User A changed from US.1 to US.2" (Meta, system messages webhook reference).
var idsInBody = regexp.MustCompile(`changed from ([A-Z]{2}\.[A-Za-z0-9.]+) to ([A-Z]{2}\.[A-Za-z0-9.]+)`)

// move is the new name of a person that the message tells. ok is false where it
// tells none, or not whose.
func (m *message) move() (move whatsapp.Move, ok bool) {
	s := &m.System
	if !m.Type.Is("system") {
		return whatsapp.Move{}, false
	}
	switch {
	case s.Type.Is("user_changed_number"), s.Type.Is("customer_changed_number"), s.Type.Is("user_changed_user_id"):
	default:
		return whatsapp.Move{}, false
	}
	move.From, move.To = m.who(), named(cmp.Or(s.WaID, s.NewWaID), s.UserID, s.Parent)
	move.From.Phone = cmp.Or(move.From.Phone, s.Customer.Digits())
	move.From.UserID = cmp.Or(campaign.UserID(string(s.PreviousUserID)), move.From.UserID)
	if ids := idsInBody.FindStringSubmatch(string(s.Body)); ids != nil {
		move.From.UserID = cmp.Or(move.From.UserID, ids[1])
		move.To.UserID = cmp.Or(move.To.UserID, ids[2])
	}
	return move, move.From.Known() && move.To.Known() && move.From != move.To
}

// userIDUpdate tells that a person has another identifier from now on, as after a
// change of number (Meta, webhooks reference, user_id_update).
type userIDUpdate struct {
	WaID   wire.Text `json:"wa_id"`
	UserID userIDTwo `json:"user_id"`
	Parent userIDTwo `json:"parent_user_id"`
}

type userIDTwo struct {
	Previous wire.Text `json:"previous"`
	Current  wire.Text `json:"current"`
}

// appendUserIDs adds the changes of identifiers. The number that is told with one
// is that of the person who has the new identifier.
func (v *value) appendUserIDs(events *whatsapp.Events, number string) {
	people := newDirectory(v.Contacts)
	for i := range v.UserIDs {
		u := &v.UserIDs[i]
		from := named("", u.UserID.Previous, u.Parent.Previous)
		to := people.complete(named(u.WaID, u.UserID.Current, u.Parent.Current))
		if from.Known() && to.Known() {
			events.Moves = append(events.Moves, whatsapp.Move{Number: number, From: from, To: to})
		}
	}
	events.Contacts = append(events.Contacts, people.left(number)...)
}

// preference is a choice that a person made in the app's menu (Meta, webhooks
// reference, user_preferences).
type preference struct {
	WaID      wire.Text `json:"wa_id"`
	UserID    wire.Text `json:"user_id"`
	Parent    wire.Text `json:"parent_user_id"`
	Category  wire.Text `json:"category"`
	Value     wire.Text `json:"value"`
	Timestamp wire.Text `json:"timestamp"`
}

// appendPreferences adds what people chose.
func (v *value) appendPreferences(events *whatsapp.Events, number string) {
	people := newDirectory(v.Contacts)
	for i := range v.Preferences {
		if told, ok := v.Preferences[i].told(); ok {
			told.Number, told.From = number, people.person(told.From, len(v.Preferences))
			events.Preferences = append(events.Preferences, told)
		}
	}
	events.Contacts = append(events.Contacts, people.left(number)...)
}

// told is the preference in our words. ok is false where it is about something
// else than marketing. One that names nobody is told all the same.
func (p *preference) told() (told whatsapp.Preference, ok bool) {
	told = whatsapp.Preference{From: named(p.WaID, p.UserID, p.Parent), Stop: p.Value.Is("stop"), At: p.Timestamp.Time()}
	return told, p.Category.Is("marketing_messages") && (told.Stop || p.Value.Is("resume"))
}
