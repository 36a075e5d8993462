package configs

import "maps"

// defaultStopWords are what people write to be left alone, by language.
//
// English has what Twilio, Telnyx, AWS End User Messaging, Braze, Klaviyo and
// OneSignal take for an opt-out, and the words that the FCC's rule on the
// revocation of consent (2025) names. The other languages have the words that
// senders announce there (TD and 退订 in China, RET in Turkey, BAJA in Spain, SAIR
// in Brazil, הסר in Israel), checked against what listmonk, the providers' help
// pages and open-source reply classifiers call unsubscribing, and each looked at
// for what it says in the other languages.
//
// Left out is what is more often the answer to a question: to cancel an
// appointment (annuler, stornieren, 取消), an end (Ende, fin, koniec: fin is also
// "fine" in Scandinavia), to wait, and words that say another thing elsewhere,
// such as the Finnish seis, which is the Spanish six. So are the Vietnamese
// words for stopping alone, which without their accents are names and a yes. Kept
// are those that senders announce although they say another thing, too: cancel and
// its like, baja (low), alto (tall), dur (hard in French). Who wants out gets out.
func defaultStopWords() map[string][]string {
	words := latinStopWords()
	maps.Copy(words, otherStopWords())
	return words
}

// latinStopWords are those of languages in Latin letters.
func latinStopWords() map[string][]string {
	return map[string][]string{
		"cs": {"odhlásit", "odhlásit se", "odhlaste mě", "odhlášení", "zrušit odběr", "zastavit"},
		"da": {"afmeld", "afmeld mig", "frameld", "frameld mig", "afmelding", "fjern mig", "ikke flere beskeder"},
		"de": {
			"stopp", "stoppen", "alle stoppen", "abmelden", "abmeldung", "abbestellen", "abbestellung", "austragen", "aufhören",
			"mich abmelden", "melde mich ab", "ich melde mich ab", "keine nachrichten mehr", "keine werbung", "keine werbung mehr",
			"einwilligung widerrufen", "nicht mehr schreiben", "nicht mehr kontaktieren", "nummer löschen",
		},
		"en": {
			"stop", "stop all", "unsubscribe", "cancel", "end", "quit", "opt out", "remove me",
			"revoke", "remove", "unsub", "unsubcribe", "unsuscribe", "unsubscribe me", "unsubscribe all", "opt me out", "reply stop",
			"stop it", "stop this", "stop messaging me", "stop texting me", "stop writing to me",
			"stop texting", "stop texts", "stop messaging", "stop contacting me",
			"stop sending", "stop sending messages", "stop sending me messages", "stop messages", "stop all messages", "no more messages",
			"don't message me", "do not message me", "don't contact me", "do not contact me", "don't text me", "do not text me",
			"do not contact", "do not text", "don't write to me", "do not write to me", "opt out all", "opt out of all", "unsubscribe from all",
			"leave me alone", "take me off", "take me off the list", "take me off your list", "remove me from the list", "remove me from your list",
			"take me off this list", "remove me from this list",
			"remove my number", "delete my number", "revoke consent", "withdraw consent", "i want to unsubscribe", "i want to opt out", "🛑",
		},
		"es": {
			"baja", "darme de baja", "dar de baja", "alto", "parar", "cancelar", "darse de baja", "dame de baja", "denme de baja",
			"quiero darme de baja", "pare", "paren", "detener", "detener mensajes", "salir", "desuscribir", "desuscribirse", "desuscribirme", "cancelar suscripción", "anular suscripción",
			"no más mensajes", "no quiero más mensajes", "no me escriban", "no me escriban más", "no me escribas más", "no me contacten",
		},
		"fi": {"lopeta", "lopeta tilaus", "peruuta tilaus", "peru tilaus", "poista tilaus", "poista minut", "poistakaa minut"},
		"fr": {
			"arrêt", "arrêter", "désabonner", "me désabonner", "arrête", "arrêtez", "merci d'arrêter", "se désabonner", "désabonnez-moi", "désabonnement",
			"désinscrire", "me désinscrire", "se désinscrire", "désinscrivez-moi", "désinscription", "stop sms", "stop pub", "plus de messages",
			"ne plus recevoir", "ne m'écrivez plus", "ne me contactez plus", "retirez-moi de la liste",
		},
		"hr": {"odjava", "odjavi me", "odjavite me"},
		"hu": {"leiratkozás", "leiratkozom", "leiratkozok", "iratkoztasson le"},
		"id": {"berhenti", "berhenti berlangganan", "hentikan", "unreg", "stop pesan", "jangan kirim lagi", "jangan hubungi saya"},
		"it": {
			"ferma", "cancellami", "disiscrivi", "annulla iscrizione", "annulla l'iscrizione", "cancella iscrizione", "cancellatemi", "disiscrivimi",
			"disiscriviti", "disiscrizione", "fermati", "basta", "basta messaggi", "rimuovimi", "rimuovetemi", "non scrivetemi più", "non contattatemi più",
		},
		"ms": {"berhenti", "henti", "hentikan", "berhenti melanggan", "nyahlanggan", "jangan hantar lagi"},
		"nl": {
			"afmelden", "uitschrijven", "afmelding", "uitschrijving", "meld me af", "meld mij af", "schrijf me uit", "schrijf mij uit",
			"stoppen", "stop ermee", "geen berichten meer", "verwijder mij", "verwijder me",
		},
		"no": {"stopp", "avmeld", "avmeld meg", "avmelding", "meld meg av", "avslutt abonnement", "fjern meg", "ingen flere meldinger"},
		"pl": {"wypisz", "rezygnuję", "wypisz mnie", "wypiszcie mnie", "wypisz się", "wypisuję się", "rezygnacja", "zrezygnuj", "anuluj subskrypcję", "usuń mnie", "nie piszcie", "przestańcie"},
		"pt": {
			"sair", "parar", "cancelar", "descadastrar", "pare", "parem", "remover", "me remova", "remova-me", "descadastre", "me descadastrar", "quero sair",
			"parar mensagens", "pare de enviar", "sair da lista", "me tire da lista", "cancelar inscrição", "cancelar subscrição", "anular subscrição", "não quero receber", "não quero mais receber", "não me envie mais",
		},
		"ro": {"dezabonare", "dezabonează-mă", "dezabonați-mă", "mă dezabonez", "oprește", "opriți"},
		"sk": {"odhlásiť", "odhlásiť sa", "odhláste ma", "zrušiť odber"},
		"sv": {"stopp", "sluta", "avregistrera", "avregistrera mig", "avsluta prenumeration", "avprenumerera", "ta bort mig", "inga fler meddelanden"},
		"tl": {"itigil", "itigil na", "ihinto", "tigil", "tumigil", "huwag nang magpadala"},
		"tr": {
			"dur", "iptal", "durdur", "durdurun", "ret", "abonelikten çık", "abonelikten çıkmak istiyorum", "abonelik iptal", "aboneliği iptal et",
			"listeden çıkar", "beni listeden çıkar", "mesaj göndermeyin", "mesaj atmayın",
		},
		"vi": {"dừng lại", "hủy đăng ký", "hủy nhận tin", "ngừng gửi", "ngừng nhận tin", "ngừng nhắn tin", "từ chối nhận tin", "từ chối quảng cáo", "đừng nhắn tin nữa"},
	}
}

// otherStopWords are those of languages in other scripts.
func otherStopWords() map[string][]string {
	return map[string][]string{
		"ar": {"إلغاء", "توقف", "إيقاف", "أوقف", "وقف", "قف", "ستوب", "إلغاء الاشتراك", "إلغاء اشتراكي", "إيقاف الرسائل", "لا ترسل", "لا تراسلني", "لا تراسلوني"},
		"el": {"στοπ", "σταμάτα", "σταματήστε", "διαγραφή", "διαγράψτε με", "απεγγραφή", "κατάργηση εγγραφής"},
		"he": {"הסר", "הסר אותי", "הסרה", "הסירו", "הסירו אותי", "להסיר", "תסירו אותי", "עצור", "הפסק", "הפסיקו", "תפסיק", "תפסיקו", "תפסיקו לשלוח", "ביטול מנוי", "סטופ"},
		"hi": {
			"बंद करें", "रोकें", "बंद करो", "बन्द करें", "बन्द करो", "बंद कर दो", "बंद कीजिए", "रोको", "स्टॉप", "अनसब्सक्राइब", "सदस्यता समाप्त करें", "सदस्यता रद्द करें",
			"मैसेज बंद करो", "मैसेज बंद करें", "मैसेज मत भेजो", "band karo", "band karen", "band kare", "message band karo", "message mat bhejo",
		},
		"ja": {
			"停止", "ストップ", "配信停止", "配信停止希望", "配信解除", "登録解除", "購読解除", "受信拒否", "解除", "停止してください", "配信停止してください",
			"やめて", "やめてください", "止めて", "止めてください", "送らないで", "送らないでください",
		},
		"ko": {"수신거부", "수신 거부합니다", "수신동의 철회", "구독 취소", "구독 해지", "중지", "중단", "그만", "그만 보내세요", "보내지 마세요", "스톱", "스탑"},
		"ru": {"стоп", "отписаться", "отписка", "отпишите меня", "отменить подписку", "прекратите", "прекратите рассылку", "не пишите", "не пишите мне", "больше не пишите"},
		"th": {"หยุด", "หยุดส่ง", "ยกเลิก", "ยกเลิกการสมัคร", "ยกเลิกรับข่าวสาร", "ยกเลิกการรับข่าวสาร", "ยกเลิกรับข้อความ", "ไม่รับข่าวสาร"},
		"uk": {"стоп", "відписатися", "відписатись", "відписка", "відпишіть мене", "припиніть", "не пишіть мені"},
		"zh": {
			"退订", "停止", "退訂", "TD", "停", "终止", "終止", "取消订阅", "取消訂閱", "拒收", "退出", "停止接收", "停止发送", "停止發送",
			"停止订阅", "停止訂閱", "解除订阅", "解除訂閱", "拒绝接收", "拒絕接收", "不再接收", "不要再传", "不要再傳", "别再传了", "別再傳了",
			"请退订", "請退訂", "请停止", "請停止", "别发了", "別發了", "不要发了", "不要發了", "不要再发", "不要再發", "别再发了", "別再發了", "唔好再发", "唔好再發",
		},
	}
}

// defaultStartWords are what people write to be written to again, by language:
// START and UNSTOP, as Twilio and the carriers have them, and their like. YES is
// none: it is the answer to too many questions.
func defaultStartWords() map[string][]string {
	return map[string][]string{
		"de": {"anmelden"},
		"en": {"start", "unstop", "subscribe", "resume", "resubscribe", "opt in"},
		"es": {"alta", "suscribirme"},
		"fr": {"abonner", "m'abonner"},
		"it": {"iscrivimi"},
		"nl": {"aanmelden", "inschrijven"},
		"pt": {"voltar", "inscrever"},
		"ru": {"старт", "подписаться"},
		"tr": {"abone ol"},
		"uk": {"підписатися", "підписатись"},
		"zh": {"订阅", "訂閱"},
	}
}
