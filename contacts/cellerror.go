package contacts

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isErrorValue recognises a text that a spreadsheet shows where it has no value:
// #REF! and #NAME? in any language, #N/A and others without a mark at the end,
// Err:502, a column that is too narrow, and one that is still loading.
func isErrorValue(text string) bool {
	if text == "" {
		return false
	}
	if text[0] == '#' {
		return isHashes(text) || isMarkedError(text) || isUnmarkedError(strings.ToUpper(text))
	}
	return isLoading(text) || isNumberedError(text)
}

// isLoading recognises what a sheet on the web shows until its values are there.
func isLoading(text string) bool {
	word, found := strings.CutSuffix(text, "...")
	if !found {
		word, found = strings.CutSuffix(text, "…")
	}
	return found && slices.Contains([]string{"Loading", "Cargando", "Carregando", "A carregar", "Chargement", "Chargement en cours", "Wird geladen",
		"Caricamento", "Caricamento in corso", "Laden", "Ładowanie", "Загрузка"}, strings.TrimRight(word, " \u00a0"))
}

// isHashes recognises what stands in a column that is too narrow for a number,
// and for a day before there were any.
func isHashes(text string) bool { return len(text) > 1 && strings.Trim(text, "#") == "" }

// isMarkedError recognises capitals between a hash and an exclamation or question
// mark, as all programs and languages write most errors: #DIV/0!, #¿NOMBRE?, #ІМ'Я?
func isMarkedError(text string) bool {
	inner, found := strings.CutSuffix(text, "!")
	if !found {
		inner, found = strings.CutSuffix(text, "?")
	}
	if !found {
		return false
	}
	letters := 0
	for _, r := range inner[1:] {
		switch {
		case unicode.IsLetter(r) && !unicode.IsLower(r), unicode.IsMark(r):
			letters++
		case !unicode.IsDigit(r) && !strings.ContainsRune("/_.'’ ¡¿", r):
			return false
		}
	}
	return letters > 1
}

// isUnmarkedError knows the errors, in capitals, that have no mark at their end, or
// are typed in small letters.
func isUnmarkedError(upper string) bool {
	return slices.Contains([]string{
		"#N/A", "#NV", "#N/D", "#N/B", "#I/T", "#N/V", "#Н/Д", "#Δ/Υ", "#YOK", "#HIÁNYZIK", "#PUUTTUU", "#SAKNAS", "#NENÍ_K_DISPOZICI",
		"#NEDOSTUPNÝ", "#BRAK",
		"#GETTING_DATA", "#DATEN_ABRUFEN", "#OBTENTION_DONNEES", "#CHARGEMENT_DONNEES", "#OBTENIENDO_DATOS", "#OBTENDO_DADOS",
		"#A_OBTER_DADOS", "#RECUPERO_DATI", "#GEGEVENS_OPHALEN", "#POBIERANIE_DANYCH", "#ZÍSKÁVÁNÍ_DAT", "#ПОЛУЧЕНИЕ_ДАННЫХ",
		"#ЗАГРУЗКА_ДАННЫХ", "#VERİ_ALINIYOR", "#HÄMTAR_DATA", "#HENTER_DATA", "#NOUDETAAN_TIETOJA", "#ADATOK_BEOLVASÁSA",
		"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#ERROR!", "#SPILL!", "#CALC!",
		"#REF", "#NAME", "#VALUE", "#DIV/0", "#NUM", "#NULL", "#ERR", "#ERR!", "#ERROR", "#N/A N/A", // as other programs write them
		"#FIELD!", "#TYPE!", "#DELETED", // Access
	}, upper)
}

// isNumberedError recognises the errors of LibreOffice that have a number of
// three digits, 501 being the first: Err:502, in the languages that translate
// the word.
func isNumberedError(text string) bool {
	word, number, found := strings.Cut(text, ":")
	number = strings.TrimSpace(number)
	if !found || len(number) != 3 || number[0] != '5' || !allDigits(number) || utf8.RuneCountInString(word) > 8 {
		return false
	}
	return slices.Contains([]string{
		"err", "error", "erreur", "fehler", "erro", "errore", "chyba", "błąd", "hiba", "hata", "fout", "fejl", "fel", "feil", "virhe",
		"ошибка", "ош", "помилка", "грешка", "greška", "napaka", "eroare", "klaida", "kļūda", "viga", "σφάλμα", "lỗi",
		"エラー", "错误", "錯誤", "오류", "خطأ", "שגיאה",
	}, strings.ToLower(strings.TrimRight(word, ". \u00a0\u202f")))
}
