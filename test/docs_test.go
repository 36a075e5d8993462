package test

import (
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
	"carillon/internal/programtest"
)

// pages are the texts that these tests look at.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../docs/*.md")
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	return append(found, "../README.md", "../SECURITY.md", "../CONTRIBUTING.md", "../CHANGELOG.md")
}

// table is the rows of the table whose first column has the given head, each
// as its cells without the spaces around them.
func table(t *testing.T, page, head string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(string(readFile(t, page)), "\n| "+head+" |")
	if !found {
		t.Fatalf("%s has no table of %s", page, head)
	}
	var rows [][]string
	for _, line := range strings.Split(rest, "\n")[2:] { // behind the head and the rule
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// quoted are the words of a text that stand between backquotes.
func quoted(text string) []string {
	words := []string{}
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		words = append(words, found[1])
	}
	return words
}

// TestStatesPage holds the table of docs/states.md to the one in the program.
func TestStatesPage(t *testing.T) {
	type row struct {
		Becomes []string
		Open    string
	}
	want, got := map[string]row{}, map[string]row{}
	for _, s := range campaign.Statuses() {
		r := row{Becomes: []string{}, Open: "no"}
		for _, next := range s.Moves() {
			r.Becomes = append(r.Becomes, next.String())
		}
		switch {
		case s == campaign.Unknown:
			r.Open = "until decided"
		case s.Open():
			r.Open = "yes"
		}
		want[s.String()] = r
	}
	for _, cells := range table(t, "../docs/states.md", "status") {
		got[strings.Trim(cells[0], "`")] = row{Becomes: quoted(cells[1]), Open: cells[2]}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDeliveryPage holds the matrix of docs/delivery.md to the table in the
// program.
func TestDeliveryPage(t *testing.T) {
	statuses := campaign.Statuses()
	rows := table(t, "../docs/delivery.md", `from \ to`)
	if len(rows) != len(statuses) {
		t.Fatalf("the matrix has %d rows, want %d", len(rows), len(statuses))
	}
	for n, from := range statuses {
		if got := strings.Trim(rows[n][0], "*"); got != from.String() {
			t.Fatalf("row %d is of %s, want %s", n+1, got, from)
		}
		for m, to := range statuses {
			if drawn := rows[n][m+1] != ""; drawn != from.CanBecome(to) {
				t.Errorf("%s to %s: drawn %t, allowed %t", from, to, drawn, from.CanBecome(to))
			}
		}
	}
}

func TestStatesDrawing(t *testing.T) {
	arrow := regexp.MustCompile(`(?m)^ +(\w+) --> (\w+)`)
	arrows := arrow.FindAllStringSubmatch(string(readFile(t, "../docs/states.md")), -1)
	if len(arrows) == 0 {
		t.Fatal("docs/states.md draws nothing")
	}
	for _, found := range arrows {
		from, err := campaign.ParseStatus(found[1])
		if err != nil {
			t.Error(err)
		}
		to, err := campaign.ParseStatus(found[2])
		if err != nil {
			t.Error(err)
		}
		if !from.CanBecome(to) {
			t.Errorf("%s --> %s is drawn and not allowed", from, to)
		}
	}
}

// TestImports holds the source to the table of packages in
// docs/architecture.md. A row may allow more than is used. Packages that serve
// tests alone are not in it.
func TestImports(t *testing.T) {
	allowed := map[string][]string{}
	for _, cells := range table(t, "../docs/architecture.md", "package") {
		allowed[strings.Trim(cells[0], "`")] = quoted(cells[2])
	}
	list := exec.Command("go", "list", "-f", `{{if .GoFiles}}{{.ImportPath}} {{join .Imports " "}}{{end}}`, "carillon/...")
	text, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], "carillon/")
		if strings.HasSuffix(name, "test") {
			continue
		}
		may, listed := allowed[name]
		if !listed {
			t.Errorf("package %s is not in the table", name)
		}
		for _, path := range words[1:] {
			imported, ours := strings.CutPrefix(path, "carillon/")
			if ours && !slices.Contains(may, imported) {
				t.Errorf("package %s imports %s, which the table does not allow", name, imported)
			}
		}
		delete(allowed, name)
	}
	for name := range allowed {
		t.Errorf("the table has a package %s, which does not exist", name)
	}
}

// TestGlossary holds what the glossary calls a thing in code to the code: the
// last part of each name has to be declared, or stand in the schema, and each
// file has to be there.
func TestGlossary(t *testing.T) {
	source := sources(t)
	_, rest, found := strings.Cut(string(readFile(t, "../docs/glossary.md")), "| term |")
	if !found {
		t.Fatal("the glossary has no table")
	}
	names := 0
	for _, line := range strings.Split(rest, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			continue
		}
		for _, name := range quoted(cells[3]) {
			names++
			if _, err := os.Stat(filepath.Join("..", name)); err == nil {
				continue
			}
			last := name[strings.LastIndexAny(name, "./")+1:]
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(last) + `\b`).MatchString(source) {
				t.Errorf("nothing is called %s", name)
			}
		}
	}
	if names < 20 {
		t.Errorf("the glossary names only %d things in code", names)
	}
}

// sources is the program's code and schema.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".sql") {
			all.Write(readFile(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(string(readFile(t, page)), -1) {
			target, err := url.Parse(found[1])
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if target.Scheme != "" {
				continue // it is another's to keep
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target.Path)); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestCommandsExist asks the program for help on every command that the pages
// name, with its flags.
func TestCommandsExist(t *testing.T) {
	program := programtest.Program(t)
	// At the start of a line of a shell block, or between backquotes.
	command := regexp.MustCompile("(?m)(?:^|`|/cmd/)carillon( [a-z]+[^`\n#&]*)")
	asked := map[string]bool{}
	for _, page := range pages(t) {
		for _, found := range command.FindAllStringSubmatch(commandsOf(string(readFile(t, page))), -1) {
			asked[strings.TrimSpace(found[1])] = true
		}
	}
	if len(asked) == 0 {
		t.Fatal("no page names a command")
	}
	usage := regexp.MustCompile(`(?m)^  carillon((?: [a-z]+(?:-[a-z]+)*)+)`)
	for _, line := range slices.Sorted(maps.Keys(asked)) {
		words := strings.Fields(line)
		answer, err := exec.Command(program, append(words, "--help")...).CombinedOutput()
		if err != nil {
			t.Errorf("carillon %s: %v:\n%s", line, err, answer)
			continue
		}
		// A word that is no command gets the help of what stands before it.
		found := usage.FindStringSubmatch(string(answer))
		group := strings.Contains(string(answer), "Available Commands:")
		if found == nil || group || !strings.HasPrefix(" "+line+" ", found[1]+" ") {
			t.Errorf("there is no command `carillon %s`:\n%s", line, answer)
		}
	}
}

// commandsOf is a page without the blocks that show what a program prints or
// what is in a file.
func commandsOf(page string) string {
	return regexp.MustCompile("(?ms)^```(?:text|yaml|csv|mermaid)\n.*?^```$").ReplaceAllString(page, "")
}

// TestReadmeCheck takes the files that the README shows through the check that
// it shows, and compares what comes out.
func TestReadmeCheck(t *testing.T) {
	program, folder := programtest.Program(t), t.TempDir()
	readme := string(readFile(t, "../README.md"))
	files := regexp.MustCompile("(?s)\n`([a-z.-]+)`:\n\n```[a-z]+\n(.*?)```").FindAllStringSubmatch(readme, -1)
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(folder, file[1]), []byte(file[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown := regexp.MustCompile("(?s)\ncarillon (check [^\n]*)\n```\n\n```text\n(.*?)```").FindStringSubmatch(readme)
	if shown == nil {
		t.Fatal("the README shows no check")
	}
	check := exec.Command(program, append(strings.Fields(shown[1]), "-c", "carillon.yaml")...)
	check.Dir = folder
	check.Env = append(os.Environ(), "CARILLON_TOKEN=0123456789012345", "WHATSAPP_TOKEN=any-word",
		"WHATSAPP_APP_SECRET=not-so-secret", "WHATSAPP_VERIFY_TOKEN=a-word-of-mine")
	answer, err := check.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, answer)
	}
	for line := range strings.Lines(shown[2]) {
		if line != "…\n" && !strings.Contains("\n"+string(answer), "\n"+line) {
			t.Errorf("the README shows a line that is not printed: %s", line)
		}
	}
}
