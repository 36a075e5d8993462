package contacts

import (
	"strings"
	"testing"
)

// errorValues are errors as spreadsheets write them: Excel in its languages,
// LibreOffice, Google.
func errorValues() []string {
	return strings.Split("#N/A|#REF!|#NAME?|#VALUE!|#DIV/0!|#NUM!|#NULL!|#SPILL!|#CALC!|#GETTING_DATA|#FIELD!|#BLOCKED!|#CONNECT!|#UNKNOWN!|#BUSY!|#PYTHON!|"+
		"#ERROR!|#EXTERNAL!|#TIMEOUT!|#REF|#VALUE|#NAME|#DIV/0|#NUM|#NULL|#ERR|#Error|#Type!|#Deleted|#Field!|#N/A N/A|Cargando...|Chargement…|Wird geladen...|#n/a|#ref!|#Name?|########|##|Loading...|Loading…|Err:502|Err:508|Err:522|Fehler:502|Chyba:504|Ошибка:511|Err : 502|エラー:502|"+
		"#NV|#BEZUG!|#WERT!|#ZAHL!|#ÜBERLAUF!|#KALK!|#FELD!|#BLOCKIERT!|#DATEN_ABRUFEN|"+ // German
		"#N/D|#¡REF!|#¡VALOR!|#¿NOMBRE?|#¡NUM!|#¡DIV/0!|#¡NULO!|#¡DESBORDAMIENTO!|#OBTENIENDO_DATOS|"+ // Spanish
		"#VALOR!|#NOME?|#NÚM!|#NULO!|#DESPEJAR!|"+ // Portuguese
		"#NOM?|#VALEUR!|#NOMBRE!|#NUL!|#PROPAGATION!|#CHAMP!|"+ // French
		"#RIF!|#VALORE!|#NULLO!|#ESPANSIONE!|"+ // Italian
		"#N/B|#WAARDE!|#VERW!|#NAAM?|#GETAL!|#DEEL/0!|#LEEG!|#OVERLOOP!|"+ // Dutch
		"#N/D!|#ARG!|#ADR!|#NAZWA?|#LICZBA!|#DZIEL/0!|#ZERO!|"+ // Polish
		"#NENÍ_K_DISPOZICI|#HODNOTA!|#ODKAZ!|#NÁZEV?|#ČÍSLO!|#DĚLENÍ_NULOU!|#NEDOSTUPNÝ|"+ // Czech, Slovak
		"#Н/Д|#ЗНАЧ!|#ССЫЛКА!|#ИМЯ?|#ЧИСЛО!|#ДЕЛ/0!|#ПУСТО!|#ПЕРЕНОС!|#ІМ'Я?|#ПОСИЛАННЯ!|"+ // Russian, Ukrainian
		"#YOK|#DEĞER!|#BAŞV!|#AD?|#SAYI!|#SAYI/0!|#BOŞ!|"+ // Turkish
		"#SAKNAS!|#VÄRDEFEL!|#REFERENS!|#NAMN?|#OGILTIGT!|#DIVISION/0!|#SKÄRNING!|"+ // Swedish
		"#I/T|#VÆRDI!|#REFERENCE!|#NAVN?|#VERDI!|"+ // Danish, Norwegian
		"#PUUTTUU!|#PUUTTUU|#ARVO!|#VIITTAUS!|#NIMI?|#LUKU!|#JAKO/0!|#TYHJÄ!|"+ // Finnish
		"#HIÁNYZIK|#ÉRTÉK!|#HIV!|#NÉV?|#SZÁM!|#ZÉRÓOSZTÓ!|#NULLA!|"+ // Hungarian
		"#Δ/Υ|#ΤΙΜΗ!|#ΑΝΑΦ!|#ΟΝΟΜΑ?|#ΑΡΙΘ!|#ΔΙΑΙΡ./0!|"+ // Greek
		"#VALOARE!|#NUME?|#VRIJEDNOST!|#BROJ!|#VREDN!|#SKLIC!|#N/V|#ŠTEV!|#ערך!|#قيمة!", "|") // Romanian, Croatian, Slovenian, Hebrew, Arabic
}

func TestErrorsAreNoValues(t *testing.T) {
	for _, text := range errorValues() {
		for _, cell := range []string{text, " " + text + "\t", text + "\u00a0", `="` + text + `"`, `= "` + text + `"`, "'" + text} {
			if value, fault := readValue(cell); value != text || !strings.Contains(fault, text) {
				t.Errorf("%q is read as %q, fault %q", cell, value, fault)
			}
		}
	}
}

func TestValuesThatAreNoErrors(t *testing.T) {
	for _, text := range strings.Split("#|#1|#42|#A-1001|#hashtag|#Sale!|#NewYear?|#1!|# 5|#B12!a|A#N/A|N/A|Ana #1|Err|Error|Room:502|10:502|Err:12|Err:4502|5:55|"+
		"Lola|Loading|Eva|Eder:5|#N/A yet|#FF0000|#!|C#", "|") {
		if value, fault := readValue(text); value != text || fault != "" {
			t.Errorf("%q is read as %q, fault %q", text, value, fault)
		}
	}
}

func TestTextsThatWereKeptFromBeingNumbers(t *testing.T) {
	for cell, want := range map[string]string{
		`="00042"`: "00042", `="Ana"`: "Ana", `="+447911123456"`: "+447911123456", `="say ""hi"""`: `say "hi"`, `=""`: "", `=" x "`: "x", `= "00042"`: "00042", `=  "Ana" `: "Ana",
		"'7001": "7001", "'+5511961234567": "+5511961234567", "'00042": "00042", "'=)": "=)", "'@name": "@name", "'-Bo": "-Bo", "'＠name": "＠name", "'-5,50": "-5,50", "'2026-11-26": "2026-11-26",
		"'t Hart": "'t Hart", "'90s": "'90s", "'": "'", "'Abd": "'Abd", "O'Brien": "O'Brien", "'12 Main St": "'12 Main St",
		"=": "=", "=)": "=)", "==": "==", "=> x": "=> x", "a=b": "a=b", "{a}": "{a}", "+A": "+A", "-(A)": "-(A)", "@ana (x)": "@ana (x)", "+1 (201) 503-0326": "+1 (201) 503-0326", "soon...": "soon...",
		"\ufeffAna\u200b": "Ana", "Ana\u200b": "Ana\u200b",
	} {
		if value, fault := readValue(cell); value != want || fault != "" {
			t.Errorf("%q is read as %q (%s), want %q", cell, value, fault, want)
		}
	}
}

func TestFormulasAreNoValues(t *testing.T) {
	for _, text := range []string{"=A1", `=HYPERLINK("https://e.example","Ana")`, "=1+1", `="a"&"b"`, `=T("x")`, "=+4915123018622", "=-5", "=SVERWEIS(A1;B:C;2)",
		"='Sheet 1'!A1", "=$A$1", "=(1)", "=@A1", `="x`, "=#REF!", "'=A1", "=ЕСЛИ(A1;1;2)", "=Σ", "= A1", "=\u00a0A1", "= 1 + 2", `= "a" & "b"`,
		"=_xlfn.XLOOKUP(A1,B:B,C:C)", "{=SUM(A1:A3)}", "＝A1", "+SUM(A1:A3)", "@SUM(A1:A3)", "-SUM(A1:A3)", "=+SUM(A1)"} {
		if value, fault := readValue(text); !strings.Contains(fault, "holds a formula") && !strings.Contains(fault, "an error") || value == "" {
			t.Errorf("%q is read as %q, fault %q", text, value, fault)
		}
	}
}

func TestLettersThatWereLostAreNoValue(t *testing.T) {
	for _, text := range []string{"Jos\ufffd", "\ufffdngel", "Mar\ufffda", "\ufffd"} {
		if value, fault := readValue(text); value != text || !strings.Contains(fault, "a letter that was lost") {
			t.Errorf("%q is read as %q, fault %q", text, value, fault)
		}
	}
}
