package contacts

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"carillon/campaign"
)

// peopleOf are names as lists of a country have them, with its calling code and the
// encodings in which programs write them there.
func peopleOf() []struct{ code, pages, names string } {
	return []struct{ code, pages, names string }{
		{"+49", "windows-1252 iso-8859-15 macintosh ibm850 ibm437", "Jürgen Müller|Käthe Groß|Jörg Schäfer|Özlem Kaya|Björn Weiß|Günther Jäger|Noël Weber"},
		{"+34", "windows-1252 macintosh ibm850 ibm437", "José Peña|María García|Iñaki Muñoz|Begoña Ibáñez|Ángel Núñez|Sofía Martín|Íñigo López"},
		{"+55", "windows-1252 macintosh ibm850", "João Conceição|Antônio Simões|Inês Gonçalves|Luísa Magalhães|Álvaro Araújo|Sebastião Brandão"},
		{"+33", "windows-1252 iso-8859-15 macintosh ibm850", "Éloïse Lefèvre|François Noël|Zoë Benoît|Jérôme Château|Hélène Bérénger|Anaïs Crêpet|Gaëlle"},
		{"+39", "windows-1252 macintosh ibm850", "Nicolò D’Amico|Niccolò Forlì|Cantù Verità|Giosuè Rondò|Carità"},
		{"+45", "windows-1252 ibm850", "Søren Kjær|Åse Jørgensen|Bjørn Ærø|Jens Mølgård|Løvenskjold"},
		{"+46", "windows-1252 macintosh", "Åsa Öberg|Jörgen Ståhl|Håkan Sjöström|Märta Lindström|Göran Åkesson"},
		{"+354", "windows-1252", "Guðrún Sigurðardóttir|Þór Jónsson|Ásgeir Ægisson|Björk Guðmundsdóttir|Ýmir"},
		{"+31", "windows-1252", "Zoë Boëly|Daniël Coördinaat|Renée van der Mühl|Loïs"},
		{"+48", "windows-1250 iso-8859-2 ibm852", "Łukasz Źródło|Paweł Wójcik|Małgorzata Żółtowska|Agnieszka Kamińska|Zofia Dąbrowska|Jędrzej Święcicki"},
		{"+420", "windows-1250 iso-8859-2 ibm852", "Jiří Dvořák|Věra Nováková|Ondřej Kučera|Tomáš Růžička|Zdeněk Čapek|Lucie Veselá|Štěpán Řehoř"},
		{"+421", "windows-1250", "Ľubomír Hruška|Žofia Kováčová|Ján Ďurica|Jaroslav Škoda|Mária Tóthová"},
		{"+36", "windows-1250 iso-8859-2 ibm852", "Győző Szűcs|Ferenc Erdős|Zoltán Kőszegi|Ágnes Tóth|Béla Szőke|Gyöngyi Fűz"},
		{"+40", "windows-1250", "Ştefan Ionescu|Ana Bălan|Cătălin Mureşan|Mihăiţă|Ţuţea Pârvu|Iulia Dănilă"},
		{"+385", "windows-1250 ibm852", "Ivan Kovačević|Željka Šimić|Đurđica Matić|Luka Čović|Zvonimir Škaro"},
		{"+90", "windows-1254", "Şule Çağlar|Ayşe Yılmaz|Gökçe Öztürk|İbrahim Doğan|Oğuz Işık|Çiğdem"},
		{"+372", "windows-1252 windows-1257", "Õie Jõgi|Žanna Põder|Tõnu Öpik|Ülle Mägi|Mõõs|Kärt Šestakova|Jüri Kõiv|Žürii"},
		{"+421", "iso-8859-2", "Žofia Stĺpová|Ľudovít Štúr|Ján Kŕdeľ|Božena Ďurišová|Martin Kráľ"},
		{"+386", "windows-1250 iso-8859-2", "Uroš|Žiga Črnič|Špela Kovačič|Boštjan Žnidaršič"},
		{"+389", "windows-1251 iso-8859-5", "Ѓорѓи Ќосев|Љупчо Џамбазов|Ѕвонко|Јована Њагулова|Бојан Јовановски"},
		{"+20", "windows-1256 iso-8859-6", "آية قاسم|زينب إبراهيم|يوسف عثمان|هدى الشريف|لؤي"},
		{"+81", "shift_jis", "松本 翔|ｽｽﾞｷ|ヤマダ ﾊﾅｺ"},
		{"+371", "windows-1257", "Jānis Bērziņš|Līga Kalniņa|Kārlis Ozoliņš|Zaķis|Ģirts Šķēle"},
		{"+370", "windows-1257", "Žydrūnas Kęstutis|Rūta Šimkutė|Ąžuolas Mačiulis|Jūratė Žukauskaitė"},
		{"+7", "windows-1251 koi8-r ibm866 x-mac-cyrillic iso-8859-5", "Анна|Иван Петров|Мария Кузнецова|Ольга|Сергей Смирнов|Дмитрий|Наталья Попова|Фёдор"},
		{"+380", "windows-1251 koi8-u", "Олександра|Їжак Ґудзь|Андрій Шевченко|Юлія Ковальчук|Євген Мельник"},
		{"+359", "windows-1251", "Георги Иванов|Мария Димитрова|Петър Стоянов|Цветелина Ангелова"},
		{"+381", "windows-1251 windows-1250", "Đorđe Petrović|Živko Šarić|Nikola Čolić|Milica Jovanović|Ljubiša"},
		{"+30", "windows-1253 iso-8859-7", "Γιώργος Παπαδόπουλος|Μαρία|Ελένη Νικολάου|Δημήτρης|Κώστας|Σοφία|Άννα"},
		{"+972", "windows-1255", "שרה כהן|דוד לוי|יעל|משה מזרחי|רחל|יוסף"},
		{"+966", "windows-1256", "محمد علي|فاطمة|أحمد حسن|نورا|خالد|مريم"},
		{"+66", "windows-874", "สมชาย ใจดี|สมหญิง|วิชัย|มาลี|ประเสริฐ|เกษม"},
		{"+84", "windows-1258", "Trần Văn Ðức|Hồ Thị Hạnh|Lê Quốc"},
		{"+81", "shift_jis euc-jp", "山田 太郎|佐藤 花子|鈴木 一郎|田中 さくら|ヤマダ|高橋"},
		{"+86", "gbk", "王伟|李娜|张敏|刘洋|陈静|赵丽"},
		{"+886", "big5", "陳美玲|林志明|黃淑芬|王小明|張雅婷"},
		{"+82", "euc-kr", "김철수|이영희|박지민|최수진|김하늘"},
	}
}

// encode writes a text in an encoding, ok false where it has letters that are not in
// it.
func encode(t testing.TB, name, text string) (encoded string, ok bool) {
	t.Helper()
	var e encoding.Encoding
	var err error
	if e, err = htmlindex.Get(name); err != nil {
		e, err = ianaindex.IANA.Encoding(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	encoded, err = e.NewEncoder().String(text)
	return encoded, err == nil
}

// Names in the encodings of their country are read right, or asked for; with the
// numbers of the country in the list they are read right, however few there are.
func TestCodePagesAreReadRightOrAskedFor(t *testing.T) {
	for _, people := range peopleOf() {
		names := strings.Split(people.names, "|")
		lists := [][]string{names[:2], names}
		for i := range names {
			lists = append(lists, names[i:i+1])
		}
		for _, page := range strings.Fields(people.pages) {
			t.Run(people.code+" "+page, func(t *testing.T) {
				t.Parallel()
				for _, some := range lists {
					for _, code := range []string{people.code, "+1", ""} {
						readRightOrAsked(t, page, some, code, code == people.code && !isOld(page))
					}
				}
			})
		}
	}
}

func readRightOrAsked(t *testing.T, page string, names []string, code string, sure bool) {
	t.Helper()
	text := "Name,Phone,Order\n"
	for i, name := range names {
		text += fmt.Sprintf("%s,%s 612 345 %03d,A-%d\n", name, code, i, i)
	}
	encoded, ok := encode(t, page, text)
	if !ok || isASCII(encoded) {
		return
	}
	got, err := firstColumn(t, encoded)
	switch {
	case err == nil && !equal(got, names):
		t.Errorf("numbers %q: %q is read as %q", code, names, got)
	case err != nil && sure:
		t.Errorf("%q: %v", names, err)
	}
}

// Words that two encodings may have are asked for, whatever is more common, where the
// one is not of the numbers' country.
func TestWordsOfAnotherCountryAreAskedFor(t *testing.T) {
	for _, c := range []struct{ page, name, code string }{
		{"macintosh", "Raúl", "+34"}, {"macintosh", "Raúl", "+1"}, {"iso-8859-15", "Œdipe", "+33"}, {"macintosh", "Löwe", "+49"}, {"iso-8859-2", "Růžena Němcová", "+420"},
		{"iso-8859-2", "Matěj Kříž", "+1"}, {"iso-8859-5", "Ѕвонко", ""}, {"iso-8859-5", "Јована Њагулова", "+389"}, {"windows-1257", "Ēriks Ķirsis", "+1"},
		{"windows-1257", "Gintarė Kęsaitė", "+1"}, {"shift_jis", "松本 翔", "+81"}, {"shift_jis", "松本 翔", "+1"},
	} {
		readRightOrAsked(t, c.page, []string{c.name}, c.code, false)
	}
}

// Turkish and Ukrainian encodings of DOS that are not known are taken for no other.
func TestEncodingsThatAreNotKnown(t *testing.T) {
	for name, text := range map[string]string{
		"Özgür Ağca in ibm857":  "Name,Phone\n\x99zg\x81r A\xa7ca,+905551234567\n",
		"İlkay Güneş in ibm857": "Name,Phone\n\x98lkay G\x81ne\x9f,+905551234567\n",
		"Надія in cp1125":       "Name,Phone\n\x8d\xa0\xa4\xf7\xef,+380501689766\n",
	} {
		if got, err := firstColumn(t, text); err == nil {
			t.Errorf("%s is read as %q", name, got)
		}
	}
}

// Two letters of another encoding may be one of UTF-8 by chance.
func TestTextsThatAreUTF8ByChance(t *testing.T) {
	for _, c := range []struct{ page, name, code string }{
		{"gbk", "郑爽", "+86"}, {"gbk", "郑爽", ""}, {"ibm850", "Íñiguez", "+34"}, {"ibm850", "Íñiguez", "+1"},
	} {
		readRightOrAsked(t, c.page, []string{c.name}, c.code, false)
		readRightOrAsked(t, c.page, []string{"Ana", c.name, "Jo", c.name}, c.code, false)
	}
	for _, name := range strings.Split("José|Łukasz|Zoe\u0308|12 °C|½|Анна|Γιώργος|שרה|שָׂרָה|محمد|Հայկ|Tʻbilisi|ʻOkina|Ўктам|naïve “q”|Ana\u200d|µ|Ђорђе|e\u0301|x\u00adx|ɐ|Dž", "|") {
		if got, err := firstColumn(t, "Name,Phone\n"+name+",+4915123018622\n"); err != nil || strings.TrimSpace(name) != got[0] {
			t.Errorf("%q is read as %q, %v", name, got, err)
		}
	}
}

// Texts in Western languages as Excel writes them are Windows-1252, with signs that
// other encodings have letters for.
func TestWesternTextsAreRead(t *testing.T) {
	for _, text := range []string{
		"Ihr Paket kommt zwischen 8–10 Uhr – danke!|MÜLLER GmbH & Co. KG|STRAßE 5|5 °C|½ Liter|12 €|20 m²|„Zitat“|Größe XL|für José",
		"don’t|it’s O’Brien’s|“quoted”|Café™|naïve|50 £|coöperate|résumé – v2|Ana\u00a0Souza|Zoë",
		"l’été à la plage|5\u00a0% de remise|Cœur de l’œuvre|rue de l’Église|M. Noël – 2e étage|aujourd’hui|«\u00a0oui\u00a0»|N°\u00a05|Où ça ?|JÉRÔME",
		"¿Qué tal?|¡Hola, José!|Mª Ángeles|Nº 5|1ª planta|Señora Muñoz|JOSÉ MARÍA NÚÑEZ|pingüino|Avda. Andalucía|Cataluña",
		"São Paulo|Não há informações|Avó e avô|AÇÃO|Três corações|Órgão público|à vista|Conceição das Graças|R$ 5,00 à vista|Praça João",
		"Perché no?|È già lì|Città di Forlì|più giù|D’Amico|Cioè|Lunedì – venerdì|università|L’Aquila|Niccolò",
		"Ærø Kommune|Blåbærgrød|Øystein Sørensen|Årsmøte|KØBENHAVN|smørrebrød|Tromsø|Åse|Kærlighed|Malmö",
	} {
		cells := strings.Split(strings.ReplaceAll(text, "\\u00a0", "\u00a0"), "|")
		list := "Name,Phone\n"
		for i, cell := range cells {
			list += fmt.Sprintf("\"%s\",+49 1512 30186%02d\n", cell, i)
		}
		encoded, ok := encode(t, "windows-1252", list)
		if !ok {
			t.Fatalf("%q cannot be written", text)
		}
		if got, err := firstColumn(t, encoded); err != nil || !equal(got, cells) {
			t.Errorf("%q is read as %q, %v", cells, got, err)
		}
	}
}

// A text that is UTF-8 all in all is refused where it is not, whatever the odd byte.
func TestTextsThatAreUTF8ButForAFewBytes(t *testing.T) {
	const head = "Name,Phone\nJosé,+34612345678\nJürgen,+4915123018622\nŁucja,+48512345678\n"
	for _, c := range []struct {
		name, text string
		line       int
		problem    string
	}{
		{"Latin-1", head + "Zo\xeb,+33612982489\nAna,+5511961234567\n", 5, "in another encoding"},
		{"far below", head + strings.Repeat("Ana,+5511961234567\n", 5000) + "Zo\xeb,+33612982489\n", 5005, "in another encoding"},
		{"an undefined byte", head + "Zo\x81,+33612982489\n", 5, "in another encoding"},
		{"a cut letter", head + "N\xc3\xba\xc3,+33612982489\n", 5, "cut off in the middle"},
		{"half a letter of three bytes", head + "\xe6\x9d,+819012345678\n", 5, "cut off in the middle"},
		{"old Macintosh lines", strings.ReplaceAll(head, "\n", "\r") + "Zo\xeb,+33612982489\r", 5, "in another encoding"},
		{"cut off", head + "Juan Sebasti\xc3", 5, "was cut off"},
		{"cut off in a letter of four bytes", head + "Ana \xf0\x9f\x98", 5, "was cut off"},
		{"in the header", "Pr\xe9nom,Phone\nJosé Peña,+34612345678\nZoë,+33612982489\n", 1, "in another encoding"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, openAndRead(list(t, c.text), campaign.ContactOptions{}, Limits{}), c.line, c.problem)
		})
	}
}

// A byte order mark does not make a text UTF-8; nobody is told to leave out what
// nobody wrote.
func TestByteOrderMarkBeforeAnotherEncoding(t *testing.T) {
	err := openAndRead(list(t, "\ufeffName,Phone\nAna,+34612345678\nI\xf1aki,+34612345679\n"), campaign.ContactOptions{}, Limits{})
	wantError(t, err, 3, "not valid utf-8")
	if err != nil && strings.Contains(err.Error(), "leave contacts.encoding out") {
		t.Error(err)
	}
}

// Two lists in one, each in an encoding of its own, garble no name.
func TestTextsInTwoEncodings(t *testing.T) {
	text := "Name,Phone\nJos\xe9 Pe\xf1a,+34612345678\nZo\xeb Lef\xe8vre,+33612982489\nBj\xf6rn,+46701234567\nJosé,+34612345679\n"
	wantError(t, openAndRead(list(t, text), campaign.ContactOptions{}, Limits{}), 2, "UTF-8 in one part and windows-1252 in the part with this line")
}

// An encoding that is named is taken, and one that the text cannot have is not.
func TestEncodingsThatAreNotGuessed(t *testing.T) {
	encoded, _ := encode(t, "ibm850", "Name,Phone\nSøren Kjær,+4512345678\n")
	r := mustOpen(t, list(t, encoded), campaign.ContactOptions{Encoding: "ibm850", Phone: "Phone"})
	if rows := mustRead(t, r); rows[0].Values[0] != "Søren Kjær" {
		t.Errorf("%+v", rows[0])
	}
	for name, text := range map[string]string{
		"utf-16le": "P\x00h\x00o\x00n\x00e\x00\n\x00\xfc\x00\n\x00", "utf-16be": "\x00P\x00h\x00o\x00n\x00e\x00\n\x00\xfc\x00\n",
	} {
		wantError(t, openAndRead(list(t, text), campaign.ContactOptions{}, Limits{}), 1, "zero byte")
		if err := openAndRead(list(t, text), campaign.ContactOptions{}, Limits{}); !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	jis, _ := encode(t, "iso-2022-jp", "Name,Phone\n山田,+819012345678\n")
	wantError(t, openAndRead(list(t, jis), campaign.ContactOptions{}, Limits{}), 2, "iso-2022-jp")
	r = mustOpen(t, list(t, jis), campaign.ContactOptions{Encoding: "iso-2022-jp"})
	if rows := mustRead(t, r); rows[0].Values[0] != "山田" {
		t.Errorf("%+v", rows[0])
	}
}

// What was taken is shown by cells whose letters would be others.
func TestEncodingIsShownByCells(t *testing.T) {
	text := "Name,Phone\nAna,+34612345678\nJosé,+34612345679\nIñaki,+34612345670\nJosé,+34612345671\nBegoña,+34612345672\nÁngel,+34612345673\n"
	encoded, _ := encode(t, "windows-1252", text)
	for _, text := range []string{text, encoded} {
		got := mustOpen(t, list(t, text), campaign.ContactOptions{}).Layout().EncodingCells
		if strings.Join(got, " ") != "José Iñaki Begoña" {
			t.Errorf("shown are %q", got)
		}
	}
	late, _ := encode(t, "windows-1252", "Name,Phone\n"+strings.Repeat("Ana,+34612345678\n", sampleRows+1)+"José Peña,+34612345679\n")
	if got := mustOpen(t, list(t, late), campaign.ContactOptions{}).Layout().EncodingCells; strings.Join(got, " ") != "José Peña" {
		t.Errorf("shown are %q", got)
	}
	if got := mustOpen(t, list(t, "Phone\n+34612345678\n"), campaign.ContactOptions{}).Layout().EncodingCells; got != nil {
		t.Errorf("shown are %q", got)
	}
}

// isOld reports whether programs have not written an encoding for a long time, and
// it may be asked for.
func isOld(name string) bool {
	for _, page := range codePages() {
		if page.name == name {
			return page.old
		}
	}
	return false
}

func equal(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }

// firstColumn reads the first column of a list.
func firstColumn(t *testing.T, text string) ([]string, error) {
	t.Helper()
	r, err := Open(list(t, text), campaign.ContactOptions{Phone: "Phone"}, Limits{})
	var ours *Error
	if errors.As(err, &ours) {
		if ours.Line == 0 || !strings.Contains(ours.Error(), "contacts.encoding") {
			t.Errorf("%v does not say where and what to do", ours)
		}
		return nil, err
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var names []string
	for _, row := range mustRead(t, r) {
		names = append(names, row.Values[0])
	}
	return names, nil
}
