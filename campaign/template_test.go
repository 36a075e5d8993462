package campaign

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhichTemplateARowGets(t *testing.T) {
	t.Parallel()
	d := Definition{Steps: []Step{
		{Template: "offer", Language: "pt-br"},
		{Template: "reminder", Language: "{{Language|en_US}}"},
	}}
	r, err := d.Compile([]string{"Name", "Language"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]TemplateName{{"offer", "pt_BR"}, {"reminder", ""}}, r.Names()); diff != "" {
		t.Error(diff)
	}
	for step, want := range map[int]map[string]TemplateName{
		0: {"de": {"offer", "pt_BR"}},
		1: {"de": {"reminder", "de"}, "pt-BR": {"reminder", "pt_BR"}, "": {"reminder", "en_US"}, "German": {"reminder", ""}},
	} {
		for language, want := range want {
			if got := r.TemplateOf(step, []string{"Ana", language}); got != want {
				t.Errorf("step %d, %q: %s, want %s", step+1, language, got, want)
			}
		}
	}
	if got := r.TemplateOf(1, nil); got != (TemplateName{"reminder", "en_US"}) {
		t.Errorf("a row without cells gets %s", got)
	}
	for step, want := range map[int]bool{0: true, 1: false} {
		if got := d.Steps[step].MaySend(TemplateName{"offer", "pt_BR"}); got != want {
			t.Errorf("step %d may send it: %t", step+1, got)
		}
	}
	if d.Steps[0].MaySend(TemplateName{"offer", "en"}) || !d.Steps[1].MaySend(TemplateName{"reminder", "de"}) {
		t.Error("a language is taken for another, or one that the list has for none")
	}
}
