package contacts

import (
	"strings"

	"carillon/campaign"
)

// Scores of a header: how clearly it says what the column holds.
const (
	vague = iota + 1
	fair
	plain
	strong
	certain
)

// vocabulary is what headers call a column, from the vaguest to the clearest.
// A word in ASCII must stand alone in the header, one in another script may be
// part of it.
type vocabulary struct {
	words [certain + 1][]string
	// lesser are words that make it a vague one, not words that make it another
	// column, unless it is certain.
	lesser, not []string
}

func phoneWords() vocabulary {
	return vocabulary{
		words: [certain + 1][]string{
			vague: {"number", "numero", "nummer", "nr", "no", "contact", "contacto", "contato", "kontakt", "recipient", "to", "destination",
				"номер", "号码", "番号", "번호", "رقم", "नंबर", "מספר"},
			fair: {"phone", "phones", "telephone", "tel", "tlf", "tfno", "telf", "telefon", "telefono", "telefone", "telefoon", "telefoonnummer",
				"telefonnummer", "telefonnr", "rufnummer", "fon", "phonenumber", "telefonszam", "puhelin", "puhelinnumero", "telepon", "dien thoai",
				"телефон", "тел", "电话", "電話", "전화", "هاتف", "تلفون", "फ़ोन", "फोन", "טלפון", "τηλεφωνο", "โทรศัพท์"},
			plain: {"mobile", "mobil", "mobilnummer", "mobiltelefon", "mobiel", "cell", "cellphone", "cellular", "cellulare", "celular", "movil",
				"telemovel", "handy", "handynummer", "gsm", "portable", "cep", "hp", "komorka", "komorkowy", "matkapuhelin", "msisdn", "e164", "e 164",
				"мобил", "сотов", "手机", "手機", "携帯", "휴대", "핸드폰", "جوال", "محمول", "موبايل", "मोबाइल", "נייד", "κινητο", "มือถือ"},
			strong: {"whatsapp", "whats app", "wa id", "waid", "wa number", "wa", "ватсап",
				"واتساب", "व्हाट्सएप"},
		},
		not: []string{"type", "model", "brand", "fax", "code", "verified", "carrier", "country", "order", "invoice", "account", "customer no",
			"postal", "house", "typ", "tipo", "pedido", "name", "nombre", "nome", "nom",
			"label", "labels", "etiqueta", "etichetta", "libelle", "bezeichnung", "pager", "extension", "ext",
			"emergency", "emergencia", "notfall", "urgence", "old", "former", "previous"},
		lesser: []string{"home", "office", "work", "landline", "fixo", "fijo", "fixe", "fisso", "festnetz"},
	}
}

func nameWords() vocabulary {
	return vocabulary{
		words: [certain + 1][]string{
			vague: {"customer", "client", "cliente", "kunde", "contact", "contacto", "recipient"},
			fair: {"first name", "firstname", "given name", "vorname", "prenom", "voornaam", "imie", "primeiro nome", "primer nombre",
				"nombres", "имя", "名字", "नाम"},
			plain: {"name", "names", "nombre", "nome", "nom", "naam", "nazwa", "isim", "ad", "adi", "nama", "nev", "nimi", "navn", "namn", "ten",
				"اسم", "الاسم", "姓名", "名前", "氏名", "이름", "성명", "שם", "ονομα", "ชื่อ"},
			strong: {"customer name", "contact name", "client name", "kundenname", "nombre cliente", "nome cliente", "nom client"},
			certain: {"full name", "fullname", "name surname", "nombre completo", "nombre y apellidos", "nombre y apellido", "nome completo",
				"nome e cognome", "nom complet", "nom et prenom", "nom prenom", "vor und nachname", "vollstandiger name", "volledige naam",
				"imie i nazwisko", "ad soyad", "adi soyadi", "nama lengkap", "ho ten", "ho va ten", "фио", "полное имя", "पूरा नाम"},
		},
		not: []string{"company", "firm", "firma", "empresa", "product", "user", "username", "file", "template", "campaign", "city",
			"brand", "last", "surname", "nachname", "apellido", "sobrenome", "cognome", "shop", "store", "event", "ciudad", "city name",
			"phone", "number", "id", "email"},
	}
}

func languageWords() vocabulary {
	return vocabulary{
		words: [certain + 1][]string{
			fair: {"lang", "locale", "idioma", "lingua", "langue", "sprache", "taal", "jezyk", "dil", "dili", "bahasa", "nyelv", "kieli",
				"sprak", "sprog", "язык", "لغة", "语言", "語言", "言語", "언어", "भाषा", "שפה", "γλωσσα", "ภาษา"},
			certain: {"language", "language code", "lang code", "preferred language"},
		},
		not: []string{"programming"},
	}
}

// score is how clearly a header says it, 0 for not at all.
func (v vocabulary) score(header string) int {
	header = campaign.FoldName(header)
	for _, word := range v.words[certain] {
		if mentions(header, word) {
			return certain
		}
	}
	for _, word := range v.not {
		if mentions(header, word) {
			return 0
		}
	}
	most := certain - 1
	for _, word := range v.lesser {
		if mentions(header, word) {
			most = vague
		}
	}
	for score := certain - 1; score > 0; score-- {
		for _, word := range v.words[score] {
			if mentions(header, word) {
				return min(score, most)
			}
		}
	}
	return 0
}

// mentions reports whether a folded header has a word in it.
func mentions(header, word string) bool {
	if word[0] < 0x80 {
		return strings.Contains(" "+header+" ", " "+word+" ")
	}
	return strings.Contains(header, campaign.FoldName(word))
}
