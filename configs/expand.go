package configs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// YAML takes the braces of ${NAME} for a mapping where a value stands between
// braces or brackets itself, as in {token: ${TOKEN}}. So variables are written
// with these two characters, which nobody types, while YAML is read.
const shieldOpen, shieldClose = "\uE000", "\uE001"

// shield hides the variables of a file from YAML. Lines stay where they are.
func shield(data []byte) []byte {
	variable := regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	return variable.ReplaceAll(data, []byte(shieldOpen+"${1}"+shieldClose))
}

// unshield brings them back.
func unshield(text string) string {
	return strings.NewReplacer(shieldOpen, "${", shieldClose, "}").Replace(text)
}

// expand puts the values of the variables into a text. ok is false after a
// mistake.
func (d *decoder) expand(text, path string) (expanded string, ok bool) {
	expanded, err := Expand(unshield(text), d.env)
	if err != nil {
		d.wrong(path, "%s", err)
	}
	return expanded, err == nil
}

// Expand puts the values of variables, ${NAME}, into a text; $${ stands for a
// literal ${. The error repeats nothing but names of variables.
func Expand(text string, env func(string) (string, bool)) (string, error) {
	var out strings.Builder
	var unset []string
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			break
		}
		if strings.HasSuffix(before, "$") { // $${ has its first dollar in out
			out.WriteString("{")
			text = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !isVariable(name) {
			return "", errors.New("${ does not begin a variable; write ${NAME} with letters, digits and underscores, or $${ for the characters ${")
		}
		value, set := env(name)
		if !set {
			unset = append(unset, name)
		}
		out.WriteString(value)
		text = after
	}
	if len(unset) > 0 {
		return "", fmt.Errorf("the environment variable %s is not set; set it, or write the value here", strings.Join(unset, ", "))
	}
	return out.String(), nil
}

// isVariable reports whether a shell would take the name for a variable's.
func isVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
