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
	say, at := t.said, t.at.Unix()
	if say.notice != nil {
		return cloudNotice(say)
	}
	value := object{"messaging_product": "whatsapp", "metadata": metadata(say.Number)}
	if say.Kind != ChangeNumber { // that one comes without a contact
		value["contacts"] = []object{say.named(object{"profile": object{"name": profileName(say.Person)}}, "wa_id", "user_id")}
	}
	if say.Kind == StopMarketing || say.Kind == WantMarketing {
		wish := "stop"
		if say.Kind == WantMarketing {
			wish = "resume"
		}
		value["user_preferences"] = []object{say.named(object{
			"detail":   "User requested to " + wish + " marketing messages",
			"category": "marketing_messages", "value": wish, "timestamp": at,
		}, "wa_id", "user_id")}
		return changeOf("user_preferences", value)
	}
	message := say.named(object{"id": say.ID, "timestamp": strconv.FormatInt(at, 10)}, "from", "from_user_id")
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
		message["context"] = object{"from": displayNumber, "id": say.Message}
	}
	value["messages"] = []object{message}
	return changeOf("messages", value)
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

func metadata(number string) object {
	return object{"display_phone_number": displayNumber, "phone_number_id": number}
}

// changeOf is a change in the form in which Meta signs it, see appendEscaped.
func changeOf(field string, value object) []byte {
	plain, err := json.Marshal(object{"field": field, "value": value})
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	escaped := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); { // what has to be escaped stands in strings alone
		if c := plain[i]; c < utf8.RuneSelf {
			if c == '/' {
				escaped = append(escaped, '\\')
			}
			escaped = append(escaped, c)
			i++
			continue
		}
		r, size := utf8.DecodeRune(plain[i:])
		escaped = appendRune(escaped, r)
		i += size
	}
	return escaped
}

// cloudNotice is the webhook's change that tells news of the platform.
func cloudNotice(say *saying) []byte {
	e := say.notice
	switch e.Kind {
	case templateStatus:
		return changeOf("message_template_status_update", templateNews(e))
	case accountUpdate:
		return changeOf("account_update", accountNews(e))
	}
	const title = "Simulated trouble"
	return changeOf("messages", object{"messaging_product": "whatsapp", "metadata": metadata(say.Number), "errors": []object{{
		"code": e.Code, "title": title, "message": title, "error_data": object{"details": "It was asked for."},
	}}})
}

// templateNews has a hyphen in the language, as Meta's has.
func templateNews(e *Event) object {
	value := object{
		"event": e.Event, "message_template_id": 1689000000000001, "message_template_name": e.Template,
		"message_template_language": strings.ReplaceAll(e.Language, "_", "-"), "reason": cmp.Or(e.Reason, "NONE"),
	}
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
