package call

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"carillon/whatsapp"
)

// readable is how much of an answer its words are looked for in, in bytes.
const readable = 64 << 10

// Words is what the answer says that is not as an API documents it: the text of its
// body, or that of its status.
func (a *Answer) Words() string { return cmp.Or(bodyText(a.Body), statusText(a.Status)) }

// bodyText is what a body says: the text of
// a page, the values of a JSON document with their names, or the text that it is.
// It is empty where there are no words.
func bodyText(body []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body[:min(len(body), readable)]), "\uFFFD"))
	switch {
	case text == "" || 2*strings.Count(text, "\uFFFD") > utf8.RuneCountInString(text):
		return ""
	case text[0] == '<':
		return whatsapp.Excerpt(pageText(text))
	case json.Valid(body):
		return whatsapp.Excerpt(documentText(body))
	case strings.ContainsRune(`{["`, rune(text[0])):
		return "" // a part of a document, whose escapes hide what it quotes
	}
	return whatsapp.Excerpt(text)
}

// statusText is what an answer without words says.
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
}

// pageText is the text of a page of HTML or XML.
func pageText(page string) string {
	unseen := regexp.MustCompile(`(?is)<!--.*?-->|<(script|style)\b.*?</(script|style)\s*>|<[^>]*>?`)
	return html.UnescapeString(unseen.ReplaceAllString(page, " "))
}

// documentText lists the values of a JSON document, each behind its name:
// "fault: no such number, status: 7".
func documentText(document []byte) string {
	reader := json.NewDecoder(bytes.NewReader(document))
	reader.UseNumber()
	var within []json.Delim
	var told []string
	name := ""
	for {
		token, err := reader.Token()
		if err != nil {
			return strings.Join(told, ", ")
		}
		if delim, ok := token.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				within = append(within, delim)
			} else {
				within = within[:len(within)-1]
			}
			name = ""
			continue
		}
		value := fmt.Sprint(token)
		switch {
		case name == "" && len(within) > 0 && within[len(within)-1] == '{':
			name = value + ": "
		case token != nil && value != "":
			told, name = append(told, name+value), ""
		default:
			name = ""
		}
	}
}
