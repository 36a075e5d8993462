package campaign

// politeWords are what people say around a keyword without changing it: please,
// thank you, a greeting, now. A yes or a no is not among them, for it may be
// meant as the answer to something else.
func politeWords() []string {
	return []string{
		"please", "pls", "plz", "kindly", "thanks", "thank you", "thx", "now", "immediately", "hi", "hello", "hey",
		"bitte", "danke", "jetzt", "sofort", "hallo",
		"por favor", "porfa", "gracias", "ya", "ahora", "hola",
		"s'il vous plaît", "s'il te plaît", "svp", "stp", "merci", "maintenant", "bonjour",
		"per favore", "per piacere", "per cortesia", "grazie", "subito", "ciao",
		"obrigado", "obrigada", "agora", "olá",
		"alstublieft", "alsjeblieft", "aub", "graag", "bedankt", "dank u", "dank je", "nu",
		"proszę", "dziękuję", "prosím", "děkuji", "ďakujem", "molim", "hvala",
		"пожалуйста", "спасибо", "будь ласка", "дякую",
		"lütfen", "teşekkürler", "teşekkür ederim",
		"من فضلك", "لو سمحت", "لو سمحتم", "رجاء", "الرجاء", "شكرا",
		"בבקשה", "תודה", "παρακαλώ", "ευχαριστώ",
		"कृपया", "प्लीज", "धन्यवाद",
		"tolong", "mohon", "sila", "terima kasih", "pakiusap", "salamat", "po",
		"snälla", "vänligen", "tack", "venligst", "tak", "vennligst", "vær så snill", "takk", "kiitos",
		"kérem", "köszönöm", "vă rog", "te rog", "mulțumesc", "xin", "vui lòng", "làm ơn", "cảm ơn",
		"请", "請", "谢谢", "謝謝", "唔該", "お願いします", "ありがとう", "부탁합니다", "감사합니다", "กรุณา", "ครับ", "ค่ะ",
	}
}
