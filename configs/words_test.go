package configs

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"carillon/campaign"
)

// usualKeywords are those of a configuration that says nothing of them.
func usualKeywords(t *testing.T) *campaign.Keywords {
	t.Helper()
	stops := map[string]campaign.SuppressionScope{}
	for word, scope := range defaultOptOut().Stops() {
		stops[word] = campaign.SuppressionScope(scope)
	}
	keywords, err := campaign.NewKeywords(stops, defaultOptIn().Starts())
	if err != nil {
		t.Fatal(err)
	}
	return keywords
}

// fullWidth is an ASCII text as East Asian keyboards write it.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 0xFEE0
		}
		return r
	}, text)
}

// unaccented is a text without the accents of its letters.
func unaccented(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r) && r < 0x3000 {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// drawnOut is a text of which somebody held the last key down.
func drawnOut(text string) string {
	runes := []rune(text)
	if last := runes[len(runes)-1]; unicode.IsLetter(last) {
		return text + strings.Repeat(string(last), 4)
	}
	return text
}

// TestEveryStopWordHoweverItIsWritten: each word of each language opts out in
// every way in which people write it.
func TestEveryStopWordHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	keywords := usualKeywords(t)
	ways := map[string]func(string) string{
		"as it stands":       func(w string) string { return w },
		"capitals":           strings.ToUpper,
		"Turkish capitals":   func(w string) string { return strings.ToUpperSpecial(unicode.TurkishCase, w) },
		"small letters":      strings.ToLower,
		"composed":           norm.NFC.String,
		"taken apart":        norm.NFD.String,
		"no accents":         unaccented,
		"full width":         fullWidth,
		"one word":           func(w string) string { return strings.ReplaceAll(w, " ", "") },
		"hyphens":            func(w string) string { return strings.ReplaceAll(w, " ", "-") },
		"underscores":        func(w string) string { return strings.ReplaceAll(w, " ", "_") },
		"many spaces":        func(w string) string { return " " + strings.ReplaceAll(w, " ", "\u00a0 \n") + "\t" },
		"full stop":          func(w string) string { return w + "." },
		"exclamation marks":  func(w string) string { return "¡" + w + "!!!" },
		"ideographic stop":   func(w string) string { return w + "。" },
		"Arabic question":    func(w string) string { return w + "؟" },
		"quotes":             func(w string) string { return "„" + w + "“" },
		"bold and italic":    func(w string) string { return "*_" + w + "_*" },
		"a command":          func(w string) string { return "/" + w },
		"an emoji":           func(w string) string { return w + " 🛑🙏🏽" },
		"an emoji before":    func(w string) string { return "😡 " + w },
		"a variation":        func(w string) string { return w + "\ufe0f" },
		"marks of direction": func(w string) string { return "\u202b" + w + "\u200f\u202c" },
		"marks of no width":  func(w string) string { return "\ufeff" + strings.Join(strings.Split(w, ""), "\u200b") },
		"drawn out":          drawnOut,
		"said twice":         func(w string) string { return w + " " + w },
		"with courtesy":      func(w string) string { return "Please " + w + ", thank you!" },
	}
	for language, words := range defaultOptOut().Words {
		for _, word := range words {
			for way, write := range ways {
				text := write(word)
				if stop, start := keywords.Of(campaign.Reply{Text: text}); stop != campaign.ScopeAll || start {
					t.Errorf("%s, %q, %s: %q opts out of %q, in: %t", language, word, way, text, stop, start)
				}
			}
		}
	}
}

// TestChineseStopWordsAreWrittenBothWays: whoever writes traditional characters says
// the same as who writes simplified ones.
func TestChineseStopWordsAreWrittenBothWays(t *testing.T) {
	t.Parallel()
	pairs := []string{"订", "訂", "阅", "閱", "终", "終", "发", "發", "请", "請", "别", "別", "传", "傳", "绝", "絕"}
	reversed := slices.Clone(pairs)
	slices.Reverse(reversed)
	keywords := usualKeywords(t)
	for _, word := range defaultStopWords()["zh"] {
		for _, other := range []string{strings.NewReplacer(pairs...).Replace(word), strings.NewReplacer(reversed...).Replace(word)} {
			if stop, _ := keywords.Of(campaign.Reply{Text: other}); stop != campaign.ScopeAll {
				t.Errorf("%q opts out, and %q of %q", word, other, stop)
			}
		}
	}
}

func TestMessagesThatOptOut(t *testing.T) {
	t.Parallel()
	keywords := usualKeywords(t)
	for language, texts := range map[string][]string{
		"what carriers take": {
			"STOP", "STOPALL", "Stop all", "stop-all", "UNSUBSCRIBE", "un subscribe", "Un-Subscribe", "CANCEL", "END", "QUIT",
			"REVOKE", "OPTOUT", "opt out", "Opt-Out", "OPT_OUT", "REMOVE", "ARRET", "TD",
		},
		"en": {
			"Stop please", "please stop", "PLEASE STOP!!!", "Stop, thanks", "stop now", "Hi, please unsubscribe me", "stoooop", "STOPPP", "S T O P", "S.T.O.P.",
			"stop stop stop", "STOP / UNSUBSCRIBE", "Don’t text me", "dont message me", "Remove me from your list.", "🛑", "🛑🛑", "🛑\ufe0f", "Reply STOP",
			"unsubcribe", "unsuscribe", "Ⓢⓣⓞⓟ", "𝗦𝗧𝗢𝗣", "Stop texting!", "stop messaging", "Please remove me from this list", "DO NOT CONTACT", "Opt-out of all",
		},
		"ar": {"الغاء", "إلغاء", "ألغاء", "إلـغـاء", "إِلْغَاء", "توقّف", "ايقاف", "إيقاف من فضلك", "الغاء الاشتراك", "إلغاءالإشتراك", "ﺇﻟﻐﺎء"},
		"cs": {"odhlasit", "ODHLÁSIT SE", "Zrušit odběr prosím"},
		"da": {"Afmeld", "AFMELD MIG TAK", "frameld"},
		"de": {"Stopp", "STOP bitte", "Bitte abmelden!", "aufhoeren", "Aufhören", "aufhoren", "Nummer loeschen", "abmeldung", "Stopp alle, stoppen"},
		"el": {"ΣΤΟΠ", "στοπ", "Διαγραφη", "ΔΙΑΓΡΑΦΉ παρακαλώ", "ΔΙΑΓΡΆΨΤΕ ΜΕ"},
		"es": {"BAJA", "Baja por favor", "dar de baja", "DARMEDEBAJA", "cancelar suscripcion", "No quiero mas mensajes", "¡Parar!"},
		"fi": {"Lopeta kiitos", "PERUUTA TILAUS"},
		"fr": {"Arrêt", "ARRET", "arrete", "Arrêtez svp", "STOP s'il vous plaît", "Desabonner", "Me désabonner, merci", "desinscription", "ne m’ecrivez plus", "neMʼecrivez plus"},
		"he": {"הסר", "הָסֵר", "הסר אותי בבקשה", "תפסיקו!", "הפסק"},
		"hi": {"बंद करें", "बंद करे", "बँद करें", "बन्द करें", "बंदकरो", "कृपया बंद करें", "रोकें", "रोके", "BAND KARO"},
		"hr": {"ODJAVA", "Odjava molim"},
		"hu": {"leiratkozas", "LEIRATKOZÁS", "Leiratkozom, köszönöm"},
		"id": {"Berhenti", "tolong berhenti", "UNREG", "Berhenti berlangganan, terima kasih"},
		"it": {"Disiscrivi", "BASTA!", "per favore cancellami", "annulla iscrizione", "Non scrivetemi piu"},
		"ja": {"停止", "配信停止", "ストップ", "ｽﾄｯﾌﾟ", "やめてください。", "停止 お願いします"},
		"ko": {"수신거부", "수신 거부", "그만!", "중지 부탁합니다"},
		"ms": {"HENTI", "berhenti melanggan", "sila berhenti"},
		"nl": {"Afmelden", "afmelden aub", "UIT SCHRIJVEN", "meld me af"},
		"no": {"STOPP", "Avmeld", "meld meg av takk", "avslutt abonnement"},
		"pl": {"Wypisz", "wypisz mnie", "WYPISZ SIE", "rezygnuje", "Proszę wypisz mnie"},
		"pt": {"SAIR", "Sair por favor", "parar", "Descadastrar", "nao quero mais receber", "Cancelar inscricao"},
		"ro": {"dezabonare", "Dezaboneaza-ma", "dezabonați-mă vă rog"},
		"ru": {"СТОП", "Стоп!", "отписаться", "отпишите меня, пожалуйста", "Больше не пишите"},
		"sk": {"odhlasit", "Zrušiť odber"},
		"sv": {"STOPP", "Avregistrera", "sluta tack"},
		"th": {"ยกเลิก", "หยุด", "หยุด ครับ"},
		"tl": {"Itigil", "itigil na po"},
		"tr": {"İPTAL", "IPTAL", "iptal", "İptal lütfen", "ıptal", "RET", "DUR", "abonelikten cik", "ABONELİKTEN ÇIK", "ABONELIKTEN CIK"},
		"uk": {"Відписатися", "ВІДПИСАТИСЬ", "стоп будь ласка"},
		"vi": {"HỦY ĐĂNG KÝ", "huỷ đăng ký", "huy dang ky", "Dừng lại", "từ chối nhận tin"},
		"zh": {"退订", "退訂", "停止", "取消订阅", "取消訂閱", "td", "ＴＤ", "請退訂", "拒收！", "停止，谢谢", "拒絕接收", "拒绝接收", "停止訂閱", "解除订阅", "不要再傳", "別再傳了", "唔好再发"},
	} {
		for _, text := range texts {
			if stop, start := keywords.Of(campaign.Reply{Text: text}); stop != campaign.ScopeAll || start {
				t.Errorf("%s: %q opts out of %q, in: %t", language, text, stop, start)
			}
		}
	}
}

// TestOrdinaryAnswersAreNoKeywords: a word in an answer, and a word that is a keyword
// in no language, but looks like one.
func TestOrdinaryAnswersAreNoKeywords(t *testing.T) {
	t.Parallel()
	keywords := usualKeywords(t)
	for language, texts := range map[string][]string{
		"en": {
			"no", "No, thanks", "yes", "YES", "Y", "ok", "okay", "please", "thank you!", "later", "not now", "not interested", "end of May", "The end", "weekend",
			"cancel my order", "Can I cancel?", "ok cancel it", "cancelled", "stop by at six", "don't stop", "non-stop", "bus stop", "stopover", "quite", "quit smoking",
			"remove the second item", "unsubscribed", "I never got an end date", "1", "2", "0", "stop start", "start or stop?", "halt", "exit", "help", "info", "red",
			"start and unsubscribe", "fine", "all", "it", "out", "opt", "me", "tell me when to stop, please, for I would not know how to go on with this all alone", "👍", "🚫", "✋", "🙏", "?", "",
		},
		"ar": {"لا", "نعم", "شكرا", "إلغاء الحجز", "لا أستطيع"},
		"cs": {"ne", "ano", "zrušit", "zrušit objednávku", "konec"},
		"da": {"nej", "fin", "Fint!", "ja tak", "slut"},
		"de": {"nein", "Ende Mai", "Ende", "Halt um sechs", "stornieren", "ja bitte", "danke", "später", "abgemeldet?"},
		"el": {"όχι", "ναι", "τέλος", "ευχαριστώ"},
		"es": {"no", "sí", "seis", "fin de mes", "fin", "baja temporada", "cancelar mi cita", "para mañana", "salir temprano", "Alto de la Luna", "bajo", "gracias", "ya"},
		"fi": {"ei", "kyllä", "Peru", "loppu"},
		"fr": {"non", "oui", "fin mai", "fin", "annuler", "l'arrêt de bus", "merci", "dure", "plus tard"},
		"he": {"לא", "כן", "תודה", "ביטול"},
		"hi": {"नहीं", "हाँ", "बंद है", "रुको", "रुकें", "कल", "धन्यवाद"},
		"id": {"tidak", "ya", "batal", "besok"},
		"it": {"no", "sì", "fine maggio", "annulla", "fermata", "basta così?", "grazie", "alto medio"},
		"ja": {"はい", "いいえ", "キャンセル", "停止線"},
		"ko": {"네", "아니요", "취소", "거부"},
		"nl": {"nee", "ja", "einde", "stop bij de bakker", "bedankt"},
		"pl": {"nie", "tak", "koniec maja", "koniec", "dziękuję"},
		"pt": {"não", "sim", "seis", "fim", "sair mais cedo", "para amanhã", "obrigado"},
		"ro": {"nu", "da", "sfârșit"},
		"ru": {"нет", "да", "отмена", "конец", "хватит", "спасибо", "остановка"},
		"sv": {"nej", "ja", "fin", "halt", "slut"},
		"th": {"ไม่", "ใช่", "วันหยุด", "ยกเลิกนัด"},
		"tl": {"hindi", "oo", "tama na"},
		"tr": {"hayır", "evet", "siparişi iptal et", "durum", "sonra", "red"},
		"uk": {"ні", "так", "кінець"},
		"vi": {"không", "đúng", "dung", "Dũng", "Huy", "có", "vâng"},
		"zh": {"不", "好", "取消", "取消预约", "取消預約", "是", "停车", "停車", "退订酒店", "谢谢"},
	} {
		for _, text := range texts {
			if stop, start := keywords.Of(campaign.Reply{Text: text}); stop != "" || start {
				t.Errorf("%s: %q opts out of %q, in: %t", language, text, stop, start)
			}
		}
	}
}

func TestMessagesThatOptIn(t *testing.T) {
	t.Parallel()
	keywords := usualKeywords(t)
	for _, text := range []string{
		"START", "start please", "Un-stop", "UNSTOP", "subscribe", "opt in", "Alta, por favor", "m'abonner", "voltar", "старт", "訂閱", "START START",
	} {
		if stop, start := keywords.Of(campaign.Reply{Text: text}); stop != "" || !start {
			t.Errorf("%q opts out of %q, in: %t", text, stop, start)
		}
	}
}

// TestAWordThatIsAButton: its scope is the button's, however the two are written.
func TestAWordThatIsAButton(t *testing.T) {
	t.Parallel()
	got, err := load(t, minimal+`
opt_out:
  buttons: {"AB-MELDEN": campaign, "Stop": marketing}
`)
	if err != nil {
		t.Fatal(err)
	}
	stops := got.OptOut.Stops()
	for word, want := range map[string]OptOutScope{"AB-MELDEN": OptOutCampaign, "abmelden": "", "Stop": OptOutMarketing, "stop": "", "stopp": OptOutAll} {
		if stops[word] != want {
			t.Errorf("%q forbids %q, want %q", word, stops[word], want)
		}
	}
}

// TestExampleNamesTheLanguages that have words by themselves.
func TestExampleNamesTheLanguages(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(example), "#", "")), " ")
	for _, lists := range []map[string][]string{defaultStopWords(), defaultStartWords()} {
		languages := slices.Sorted(maps.Keys(lists))
		last := len(languages) - 1
		said := "There are defaults for " + strings.Join(languages[:last], ", ") + " and " + languages[last] + "."
		if !strings.Contains(text, said) {
			t.Errorf("the example does not say: %s", said)
		}
	}
}

func TestWordsOfALanguageReplaceItsDefaults(t *testing.T) {
	t.Parallel()
	got, err := load(t, minimal+`
opt_out:
  words: {en: [halt], de: []}
  scope: marketing
  buttons: {GO_AWAY: all}
`)
	if err != nil {
		t.Fatal(err)
	}
	stops := got.OptOut.Stops()
	for word, want := range map[string]OptOutScope{
		"halt": OptOutMarketing, "stop": "", "abmelden": "", "baja": OptOutMarketing, "GO_AWAY": OptOutAll, "STOP_CAMPAIGN": OptOutCampaign,
	} {
		if stops[word] != want {
			t.Errorf("%q forbids %q, want %q", word, stops[word], want)
		}
	}
}
