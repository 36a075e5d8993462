package contacts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/campaign"
)

// peopleIn writes ten people, of whom each has a number in one of two columns.
func peopleIn(first, second string, inFirst int) string {
	text := "Name," + first + "," + second + ",Order\n"
	for i := range 10 {
		number := fmt.Sprintf("+44 7911 1234%02d", i)
		if i < inFirst {
			text += fmt.Sprintf("P%d X,%s,,A\n", i, number)
		} else {
			text += fmt.Sprintf("P%d X,ask at desk,%s,A\n", i, number)
		}
	}
	return text
}

// Of several columns the one is taken that gives most rows a number, in whatever
// order they stand and whatever is more like a header.
func TestFullestPhoneColumn(t *testing.T) {
	for _, pair := range [][2]string{
		{"Phone 1 - Value", "Phone 2 - Value"}, {"Mobile", "Mobile 2"}, {"Phone", "Home phone"}, {"Phone", "Mobile"}, {"Telefon", "Handy"}, {"Phone", "WhatsApp"},
		{"Phone", "Default Address Phone"}, {"Business Phone", "Primary Phone"}, {"Teléfono 1", "Teléfono 2"}, {"A", "B"},
	} {
		for _, c := range []struct {
			text string
			want string
		}{
			{peopleIn(pair[0], pair[1], 9), pair[0]}, {peopleIn(pair[1], pair[0], 9), pair[1]}, {peopleIn(pair[0], pair[1], 6), pair[0]},
		} {
			l := mustOpen(t, list(t, c.text), campaign.ContactOptions{}).Layout()
			if got := l.Columns[l.Phone]; got != c.want {
				t.Errorf("%q of %q: candidates %+v", got, l.Columns, l.PhoneCandidates)
			}
		}
	}
}

func TestColumnsBesideTheNumbers(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		candidates       string
	}{
		{"labels", "Phone 1 - Label,Phone 1 - Value\nMobile,+44 7911 123456\n,+44 7911 123457\n", "Phone 1 - Value", ""},
		{"types", "Phone Type,Phone,Phone Country\nMobile,+44 7911 123457,GB\n", "Phone", ""},
		{"a mobile and a fixed line", "Business Phone,Mobile Phone\n+55 11 3123-4567,+55 11 96123-4567\n", "Mobile Phone", "Mobile Phone 1, Business Phone 1"},
		{"more fixed lines than mobiles", "Phone,Mobile\n+4930169672,\n+4930169673,+4915123018622\n+4930169674,+4915123018623\n", "Mobile", "Mobile 2, Phone 3"},
		{"fixed lines that are many", "Phone,Mobile\n+4930169672,\n+4930169673,\n+4930169674,+4915123018623\n", "Phone", "Phone 3, Mobile 1"},
		{"the same numbers", "Default Address Phone,Phone\n'+5511961234567,'+5511961234567\n", "Default Address Phone", "Default Address Phone 1, Phone 1"},
		{"one that says it best", "Phone,Mobile\n+44 7911 123456,+44 7911 123457\n", "Mobile", "Mobile 1, Phone 1"},
		{"one that is something else", "Emergency phone,Phone\n+44 7911 123456,+44 7911 123457\n+44 7911 123458,\n", "Phone", "Phone 1, Emergency phone 2"},
		{"an old one that is fuller", "Old phone,Phone\n+44 7911 123456,+44 7911 123457\n+44 7911 123458,\n", "Phone", "Phone 1, Old phone 2"},
		{"the only one, though it is something else", "Home phone,Phone\n+44 7911 123456,\n", "Home phone", "Home phone 1, Phone 0"},
		{"no number at all", "Fon,Handy\nx,y\n", "Handy", "Handy 0, Fon 0"},
		{"numbers that are no phones", "Order no,Phone\n12345678901,+44 7911 123456\n", "Phone", "Phone 1, Order no 0"},
		{"several in a cell", "Phone 1,Phone 2\n+44 7911 123456 ::: +44 7911 123457,+44 7911 123458\n", "Phone 2", "Phone 2 1, Phone 1 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := mustOpen(t, list(t, c.text), campaign.ContactOptions{}).Layout()
			var candidates []string
			for _, one := range l.PhoneCandidates {
				candidates = append(candidates, fmt.Sprintf("%s %d", one.Column, one.Sendable))
			}
			if got := l.Columns[l.Phone]; got != c.want || strings.Join(candidates, ", ") != c.candidates {
				t.Errorf("%q, candidates %q", got, candidates)
			}
			if c.candidates != "" && !strings.Contains(strings.Join(l.Guessed, "\n"), "others: ") {
				t.Errorf("guessed %q", l.Guessed)
			}
		})
	}
}

// What is not clear is asked for.
func TestPhoneColumnsThatAreEqual(t *testing.T) {
	for _, text := range []string{
		"Phone 1,Phone 2\n+44 7911 123456,+44 7911 123457\n", "A,B\n+44 7911 123456,+44 7911 123457\n", "Mobile,Cell\n+44 7911 123456,\n,+44 7911 123457\n",
		"+44 7911 123456,+44 7911 123457\n",
	} {
		wantError(t, openAndRead(list(t, text), campaign.ContactOptions{}, Limits{}), -1, "name the right one in contacts.phone")
	}
}

// Two columns of one name are refused where one of them is used, however they
// differ, and only there.
func TestColumnsOfOneName(t *testing.T) {
	definition, err := campaign.Parse([]byte("name: x\nchannel: main\nsteps:\n  - {template: t, language: en, body: [\"{{Order|-}}\"]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, like := range []string{"%s", "%s ", " %s", "\u00a0%s", "%s\u200b", "\ufeff%s", "%s\u200e", "%s\u00ad"} {
		for _, spell := range []func(string) string{strings.ToUpper, strings.ToLower, strings.TrimSpace} {
			twin := func(name string) string { return fmt.Sprintf(like, spell(name)) }
			for option, c := range map[string]struct {
				header string
				opts   campaign.ContactOptions
			}{
				"phone":         {"Phone," + twin("Phone") + ",x", campaign.ContactOptions{Phone: "Phone"}},
				"guessed phone": {"Phone," + twin("Phone") + ",x", campaign.ContactOptions{}},
				"name":          {"Phone,Nick," + twin("Nick"), campaign.ContactOptions{FullName: "Nick"}},
				"language":      {"Phone,Spoken," + twin("Spoken"), campaign.ContactOptions{Language: "Spoken"}},
				"consent":       {"Phone,Agreed," + twin("Agreed"), campaign.ContactOptions{Consent: "Agreed"}},
			} {
				err := openAndRead(list(t, c.header+"\n+447911123456,a,yes\n"), c.opts, Limits{})
				if err == nil || !strings.Contains(err.Error(), "the list has 2 columns of this name") {
					t.Errorf("%s, %q: %v", option, c.header, err)
				}
			}
			r := mustOpen(t, list(t, "Phone,Order,"+twin("Order")+"\n+447911123456,OLD-1,NEW-1\n"), campaign.ContactOptions{})
			if _, err := r.Compile(definition); err == nil || !strings.Contains(err.Error(), `steps[0].body[0]: the list has 2 columns "Order"`) {
				t.Errorf("%q: %v", r.Layout().Columns, err)
			}
			r = mustOpen(t, list(t, "Phone,Order,Note,"+twin("Note")+"\n+447911123456,A-1,x,y\n"), campaign.ContactOptions{})
			if _, err := r.Compile(definition); err != nil {
				t.Errorf("unused: %v", err)
			}
		}
	}
}

// A header finds its column in every Unicode form, by options and texts alike.
func TestHeadersThatLookTheSame(t *testing.T) {
	const nfc, nfd = "Población", "Poblacio\u0301n"
	for _, header := range []string{nfc, nfd, nfc + "\u200b", "\u200e" + nfd, nfc + "\u00a0", nfd + "\ufeff", "Pobla\u00adción", "\u2067POBLACIÓN\u2069"} {
		for _, name := range []string{nfc, nfd, "poblacion", " " + nfd + "\u200b"} {
			d, err := campaign.Parse([]byte(fmt.Sprintf("name: x\nchannel: main\ncontacts: {phone: %q, consent: %q}\nsteps:\n  - {template: t, language: en, body: [%q]}\n",
				"Tele\u0301fono", name, "{{"+name+"|x}}")))
			if err != nil {
				t.Fatal(err)
			}
			r := mustOpen(t, list(t, header+",Teléfono\nyes,+34612345678\n"), d.Contacts)
			renderer, err := r.Compile(d)
			if err != nil {
				t.Errorf("%q in %q: %v", name, header, err)
				continue
			}
			row := renderer.Judge(mustRead(t, r)[0])
			if rendered, err := renderer.Render(0, row.Values); err != nil || row.Verdict != campaign.OK || !strings.Contains(string(rendered.Components), `"yes"`) {
				t.Errorf("%q in %q: %s %s, %v", name, header, row.Verdict, rendered.Components, err)
			}
		}
	}
}

func TestTakenColumns(t *testing.T) {
	d, err := campaign.Parse([]byte("name: x\nchannel: main\ncontacts: {consent: OK}\nsteps:\n  - {template: t, language: \"{{Lang}}\", body: [\"{{Order}} {{Phone}}\"]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("é", 100)
	r := mustOpen(t, list(t, "Phone,Full Name,Lang,OK,Order,Free\n+34612345678,Ana,es,yes,,f\n+34612345679,,es,yes,"+long+",f\n+34612345670,Jo,es,yes,3,f\n"+
		"+34612345671,Zoe,es,yes,4,f\n"), d.Contacts)
	if _, err := r.Compile(d); err != nil {
		t.Fatal(err)
	}
	want := []campaign.TakenColumn{
		{Column: "Phone", As: []string{"phone", "placeholder"}, Cells: []string{"+34612345678", "+34612345679", "+34612345670"}},
		{Column: "Full Name", As: []string{"name"}, Cells: []string{"Ana", "Jo", "Zoe"}},
		{Column: "Lang", As: []string{"language", "placeholder"}, Cells: []string{"es", "es", "es"}},
		{Column: "OK", As: []string{"consent"}, Cells: []string{"yes", "yes", "yes"}},
		{Column: "Order", As: []string{"placeholder"}, Cells: []string{long[:2*40] + "…", "3", "4"}},
	}
	if diff := cmp.Diff(want, r.Layout().Taken); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A user ID stands for a number in the column of numbers, and does not make another
// one that column.
func TestUserIDsInTheColumnOfNumbers(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"beside numbers", "Name,Phone,Order\nAna,US.13491208655302741918,10000001\nEva,+4915112345601,10000002\n", "US.13491208655302741918 +4915112345601"},
		{"alone", "Name,Phone,Order\nAna,US.13491208655302741918,10000001\n", "US.13491208655302741918"},
		{"in a column of their own", "Phone,WhatsApp,Name\n+4915112345601,US.13491208655302741918,Ana\n", "+4915112345601"},
		{"where there is no number", "Phone,WhatsApp,Name\n,US.13491208655302741918,Ana\n", "US.13491208655302741918"},
	} {
		r := mustOpen(t, list(t, c.text), campaign.ContactOptions{})
		var got []string
		for {
			row, err := r.Next()
			if err != nil {
				break
			}
			if row.Verdict != campaign.OK || row.Person != row.Phone {
				t.Errorf("%s: %+v", c.name, row)
			}
			got = append(got, row.Phone)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}
