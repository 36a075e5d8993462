package simulator

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is JSON in the making.
type object map[string]any

// cloudChange is the webhook's change that tells a saying (Meta, webhooks
// reference, messages and user_preferences).
func cloudChange(t telling) []byte {
	say := t.said
	if say.notice != nil {
		return cloudNotice(t)
	}
	value := object{"messaging_product": "whatsapp", "metadata": metadata(t)}
	if say.Kind != ChangeNumber { // that one comes without a contact
		value["contacts"] = []object{cloudContact(say)}
	}
	if say.Kind == StopMarketing || say.Kind == WantMarketing {
		choice := "stop"
		if say.Kind == WantMarketing {
			choice = "resume"
		}
		value["user_preferences"] = []object{say.named(object{
			"detail":   "User requested to " + choice + " marketing messages",
			"category": "marketing_messages", "value": choice, "timestamp": t.at.Unix(),
		}, "wa_id", "user_id")}
		return changeOf("user_preferences", value)
	}
	value["messages"] = []object{cloudWords(t)}
	return changeOf("messages", value)
}

// cloudContact is the person who says something.
func cloudContact(say *saying) object {
	return say.named(object{"profile": object{"name": profileName(say.Person)}}, "wa_id", "user_id")
}

// cloudWords are what a person says, but for preferences.
func cloudWords(t telling) object {
	say := t.said
	message := say.named(object{"id": say.ID, "timestamp": strconv.FormatInt(t.at.Unix(), 10)}, "from", "from_user_id")
	switch say.Kind {
	case Press:
		message["type"], message["button"] = "button", object{"payload": say.payload, "text": say.text}
	case ChangeNumber:
		message["type"] = "system"
		message["system"] = object{
			"type": "user_changed_number", "wa_id": say.to, "user_id": userID("+" + say.to), "body": "The person has a new number.",
		}
	default:
		message["type"], message["text"] = "text", object{"body": say.text}
	}
	if say.Message != "" && say.quotes {
		message["context"] = object{"from": t.shown(), "id": say.Message}
	}
	return message
}

// named adds who the person is, under the names that number and user ID have
// there.
func (s *saying) named(to object, number, id string) object {
	if !s.Hidden {
		to[number] = s.From
	}
	to[id] = userID(s.Person)
	return to
}

func metadata(t telling) object {
	return object{"display_phone_number": t.shown(), "phone_number_id": t.number}
}

func changeOf(field string, value object) []byte {
	return escaped(object{"field": field, "value": value})
}

// escaped is JSON in the form in which Meta signs it, see appendEscaped.
func escaped(value object) []byte {
	plain, err := json.Marshal(value)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	text := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); { // what has to be escaped stands in strings alone
		if c := plain[i]; c < utf8.RuneSelf {
			if c == '/' {
				text = append(text, '\\')
			}
			text = append(text, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(plain[i:])
		text = appendRune(text, r)
		i += size
	}
	return text
}

// cloudNotice is the webhook's change that tells news of the platform.
func cloudNotice(t telling) []byte {
	e := t.said.notice
	switch e.Kind {
	case templateStatus:
		return changeOf("message_template_status_update", templateNews(e))
	case accountUpdate:
		return changeOf("account_update", accountNews(e))
	case templateQuality:
		return changeOf("message_template_quality_update", named(e, object{"previous_quality_score": e.Before, "new_quality_score": e.Quality}))
	case templateCategory:
		return changeOf("template_category_update", named(e, object{"previous_category": e.Before, "new_category": e.Category}))
	case numberUpdate:
		return changeOf("phone_number_quality_update", object{"display_phone_number": t.shown(), "event": e.Event, "max_daily_conversations_per_business": e.Tier})
	case limitUpdate:
		return changeOf("business_capability_update", object{"max_daily_conversations_per_business": e.Tier, "max_phone_numbers_per_waba": 25})
	}
	const title = "Simulated trouble"
	return changeOf("messages", object{"messaging_product": "whatsapp", "metadata": metadata(t), "errors": []object{{
		"code": e.Code, "title": title, "message": title, "error_data": object{"details": "It was asked for."},
	}}})
}

// newsTime is when news of the platform are from, in seconds since 1970; 0 for what
// tells no time there.
func (t telling) newsTime() int64 {
	if t.said == nil || t.said.notice == nil || t.said.notice.At < 0 {
		return 0
	}
	return cmp.Or(t.said.notice.At, t.at.Unix())
}

// named adds the template that an event names, with a hyphen in the language, as
// Meta's have.
func named(e *Event, value object) object {
	value["message_template_id"], value["message_template_name"] = 1689000000000001, e.Template
	value["message_template_language"] = strings.ReplaceAll(e.Language, "_", "-")
	return value
}

func templateNews(e *Event) object {
	value := named(e, object{"event": e.Event, "reason": cmp.Or(e.Reason, "NONE")})
	if e.Title != "" {
		value["other_info"] = object{"title": e.Title}
	}
	return value
}

func accountNews(e *Event) object {
	value := object{"event": e.Event}
	if e.Restriction != "" {
		value["restriction_info"] = []object{{"restriction_type": e.Restriction}}
	}
	if e.Ban != "" {
		value["ban_info"] = object{"waba_ban_state": e.Ban}
	}
	return value
}
