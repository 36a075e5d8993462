package contacts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"carillon/campaign"
)

func TestColumnsByHeader(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		header                string
		phone, name, language int
	}{
		{"Full Name,Phone Number,Language", 1, 0, 2},
		{"id,phoneNumber,firstName,lastName,locale", 1, 2, 4},
		{"customer_name,MOBILE_NO,lang", 1, 0, 2},
		{"Company Name,Contact Name,Home Phone,Cell Phone", 3, 1, none},
		{"Phone,Mobile,WhatsApp Number", 2, none, none},
		{"Phone Type,Phone,Fax", 1, none, none},
		{"WhatsApp Name,WhatsApp", 1, 0, none},
		{"Nombre completo,Teléfono,Idioma,Ciudad", 1, 0, 2},
		{"Nombre,Apellido,Celular", 2, 0, none},
		{"Nome,Telemóvel,Língua", 1, 0, 2},
		{"Vorname,Nachname,Handynummer,Sprache", 2, 0, 3},
		{"Kundenname,Rufnummer", 1, 0, none},
		{"Nom et prénom,Téléphone portable,Langue", 1, 0, 2},
		{"Nome e cognome,Cellulare,Lingua", 1, 0, 2},
		{"Naam,Telefoonnummer,Taal", 1, 0, 2},
		{"Imię i nazwisko,Telefon komórkowy,Język", 1, 0, 2},
		{"Ad Soyad,Cep Telefonu,Dil", 1, 0, 2},
		{"ФИО,Номер телефона,Язык", 1, 0, 2},
		{"الاسم,رقم الجوال,اللغة", 1, 0, 2},
		{"नाम,मोबाइल नंबर,भाषा", 1, 0, 2},
		{"姓名,手机号码,语言", 1, 0, 2},
		{"氏名,携帯電話,言語", 1, 0, 2},
		{"이름,휴대폰 번호,언어", 1, 0, 2},
		{"Nama Lengkap,No. HP,Bahasa", 1, 0, 2},
		{"Họ tên,Điện thoại", 1, 0, none},
	} {
		t.Run(c.header, func(t *testing.T) {
			l := mustOpen(t, list(t, c.header+"\n"), campaign.ContactOptions{}).Layout()
			got, want := []int{l.Phone, l.FullName, l.Language}, []int{c.phone, c.name, c.language}
			if diff := cmp.Diff(want, got); diff != "" || !l.Header {
				t.Errorf("header %v; phone, name, language: -want +got:\n%s", l.Header, diff)
			}
		})
	}
}

func TestColumnsByContent(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       campaign.Layout
	}{
		{"unknown headers", "A,B,C\nJane Roe,+447400123456,en\nJohn Doe,+447400123457,en_GB\n",
			campaign.Layout{Columns: []string{"A", "B", "C"}, FullName: 0, Phone: 1, Language: 2, Header: true}},
		{"a vague header that the cells belie", "Number,Kept\n1,+447400123456\n2,+447400123457\n",
			campaign.Layout{Columns: []string{"Number", "Kept"}, FullName: -1, Phone: 1, Language: -1, Header: true}},
		{"no header", "2026-09-25,Jane Roe,+447400123456\n2026-09-25,John Doe,0044 7400 123457\n",
			campaign.Layout{Columns: []string{"Column 1", "Column 2", "Column 3"}, FullName: 1, Phone: 2, Language: -1}},
		{"numbers alone", "+447400123456\n+447400123457\n",
			campaign.Layout{Columns: []string{"Column 1"}, FullName: -1, Phone: 0, Language: -1}},
		{"numbers under a header", "WhatsApp\n+447400123456\n",
			campaign.Layout{Columns: []string{"WhatsApp"}, FullName: -1, Phone: 0, Language: -1, Header: true}},
		{"names that repeat or are missing", "Phone,,Name,name,Name\n+447400123456,1,2,3,4\n",
			campaign.Layout{Columns: []string{"Phone", "Column 2", "Name", "name", "Name (2)"}, FullName: 2, Phone: 0, Language: -1, Header: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustOpen(t, list(t, c.text), campaign.ContactOptions{}).Layout()
			got.Format, got.Encoding, got.Delimiter, got.Guessed, got.Taken = "", "", "", nil, nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestColumnsAsTold(t *testing.T) {
	const text = "Phone,Other phone,Name,Nick,Language,Spoken\n+447400123456,+33612547098,Jane Roe,Jo,en,fr\n"
	r := mustOpen(t, list(t, text), campaign.ContactOptions{Phone: "other PHONE", FullName: "Nick", Language: "Spoken"})
	l := r.Layout()
	if diff := cmp.Diff([]int{1, 3, 5}, []int{l.Phone, l.FullName, l.Language}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, sentence := range l.Guessed {
		if strings.Contains(sentence, "column") {
			t.Errorf("guessed %q", sentence)
		}
	}
	if rows := mustRead(t, r); rows[0].Phone != "+33612547098" {
		t.Errorf("the number is %s", rows[0].Phone)
	}
}

// Naming a column by its place says that there is no header.
func TestNoHeaderAsTold(t *testing.T) {
	r := mustOpen(t, list(t, "Jane Roe,call me\nJohn Doe,+447400123456\n"), campaign.ContactOptions{Phone: "Column 2"})
	rows := mustRead(t, r)
	if r.Layout().Header || len(rows) != 2 || rows[0].Verdict != campaign.Invalid || rows[1].Verdict != campaign.OK {
		t.Errorf("layout %+v, rows %+v", r.Layout(), rows)
	}
}

func TestDelimiters(t *testing.T) {
	for _, c := range []struct {
		name, text string
		opts       campaign.ContactOptions
		delimiter  string
		values     []string
	}{
		{"comma", "Phone,Name\n+447400123456,Jane\n", campaign.ContactOptions{}, ",", []string{"+447400123456", "Jane"}},
		{"semicolon with decimal commas", "Phone;Sum\n+447400123456;1,50\n", campaign.ContactOptions{}, ";", []string{"+447400123456", "1,50"}},
		{"tab", "Phone\tName\n+447400123456\tRoe, Jane\n", campaign.ContactOptions{}, "\t", []string{"+447400123456", "Roe, Jane"}},
		{"pipe", "Phone|Name\n+447400123456|Jane; Joe\n", campaign.ContactOptions{}, "|", []string{"+447400123456", "Jane; Joe"}},
		{"quoted", "Phone;Name\n+447400123456;\"Roe; Jane\nof \"\"Town\"\"\"\n", campaign.ContactOptions{}, ";", []string{"+447400123456", "Roe; Jane\nof \"Town\""}},
		{"declared", "sep=;\nPhone;Name, first\n+447400123456;Jane, J.\n", campaign.ContactOptions{}, ";", []string{"+447400123456", "Jane, J."}},
		{"told", "Phone^A,B\n+447400123456^Jane, J.\n", campaign.ContactOptions{Delimiter: "^"}, "^", []string{"+447400123456", "Jane, J."}},
		{"old Macintosh lines", "Phone,Name\r+447400123456,Jane\r", campaign.ContactOptions{}, ",", []string{"+447400123456", "Jane"}},
		{"no end of the last line", "Phone,Name\r\n+447400123456,Jane", campaign.ContactOptions{}, ",", []string{"+447400123456", "Jane"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustOpen(t, list(t, c.text), c.opts)
			rows := mustRead(t, r)
			if len(rows) != 1 || r.Layout().Delimiter != c.delimiter {
				t.Fatalf("%d rows, delimiter %q", len(rows), r.Layout().Delimiter)
			}
			if diff := cmp.Diff(c.values, rows[0].Values); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	encode := func(name, text string) string {
		e, err := htmlindex.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	marked := func(endian unicode.Endianness, text string) string {
		encoded, err := unicode.UTF16(endian, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	dos, err := charmap.CodePage850.NewEncoder().String("Phone,Name\n+447400123456,Müller\n")
	if err != nil {
		t.Fatal(err)
	}
	const western, cyrillic = "Phone,Name\n+447400123456,Müller\n", "Phone,Name\n+447400123456,Иван\n"
	for _, c := range []struct{ name, content, told, encoding, value string }{
		{"UTF-8", western, "", "utf-8", "Müller"},
		{"UTF-8 with a mark", "\ufeff" + western, "", "utf-8", "Müller"},
		{"UTF-8 with a mark, told", "\ufeff" + western, "UTF-8", "utf-8", "Müller"},
		{"UTF-16, little end first", marked(unicode.LittleEndian, western), "", "utf-16le", "Müller"},
		{"UTF-16, big end first", marked(unicode.BigEndian, western), "", "utf-16be", "Müller"},
		{"UTF-16, told without its order", marked(unicode.BigEndian, western), "utf-16", "utf-16be", "Müller"},
		{"UTF-16 without a mark, told", encode("utf-16le", western), "utf-16le", "utf-16le", "Müller"},
		{"Windows-1252", encode("windows-1252", western), "", "windows-1252", "Müller"},
		{"Windows-1251, told", encode("windows-1251", cyrillic), "windows-1251", "windows-1251", "Иван"},
		{"an alias", encode("windows-1251", cyrillic), "cp1251", "windows-1251", "Иван"},
		{"a name only IANA has", dos, "IBM850", "ibm850", "Müller"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustOpen(t, list(t, c.content), campaign.ContactOptions{Encoding: c.told})
			rows := mustRead(t, r)
			if r.Layout().Encoding != c.encoding || len(rows) != 1 || rows[0].Values[1] != c.value || r.Layout().Columns[0] != "Phone" {
				t.Errorf("encoding %s, columns %q, rows %+v", r.Layout().Encoding, r.Layout().Columns, rows)
			}
		})
	}
}

func TestRowsShortBlankAndPadded(t *testing.T) {
	const text = "\n Phone , Name ,City\n\n+447400123456, Jane \u00a0Roe\u00a0\n , ,\n   \n+447400123457,Joe,Bath,, \n"
	r := mustOpen(t, list(t, text), campaign.ContactOptions{})
	var got [][]string
	for i, row := range mustRead(t, r) {
		if row.Number != i+1 {
			t.Errorf("row %d has the number %d", i+1, row.Number)
		}
		got = append(got, row.Values)
	}
	want := [][]string{{"+447400123456", "Jane \u00a0Roe", ""}, {"+447400123457", "Joe", "Bath"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFixedLinesRefused(t *testing.T) {
	const text = "Phone\n+4930169672\n+4915123018622\n"
	for _, refuse := range []bool{false, true} {
		rows := mustRead(t, mustOpen(t, list(t, text), campaign.ContactOptions{RejectFixedLines: refuse}))
		if rows[0].Refused != refuse || rows[0].Admitted() == refuse || strings.Contains(rows[0].Detail, "reject_fixed_lines") != refuse {
			t.Errorf("reject_fixed_lines %v: %+v", refuse, rows[0])
		}
		if rows[1].Refused || !rows[1].Admitted() {
			t.Errorf("reject_fixed_lines %v: %+v", refuse, rows[1])
		}
	}
}

// The twins of one number are one person, and each row keeps the number it has.
func TestPersonOfARow(t *testing.T) {
	rows := mustRead(t, mustOpen(t, list(t, "Phone\n+5491123002525\n+541123002525\nnobody\n"), campaign.ContactOptions{}))
	if rows[0].Person != rows[1].Person || rows[0].Phone == rows[1].Phone {
		t.Errorf("%+v and %+v", rows[0], rows[1])
	}
	if rows[2].Person != "" || rows[2].Phone != "nobody" {
		t.Errorf("%+v", rows[2])
	}
}
