package providers

import (
	"testing"

	"carillon/whatsapp/cloud"
	"carillon/whatsapp/codes"
	"carillon/whatsapp/dialog360"
	"carillon/whatsapp/service4u"
	"carillon/whatsapp/vonage"
)

// TestWhoSaysThatAWindowIsShut: the gateway's document has no code for it.
func TestWhoSaysThatAWindowIsShut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		book *codes.Book
		code int
	}{
		"cloud":           {cloud.Book(), 131047},
		"service4u":       {service4u.Book(), 131047},
		"360dialog-cloud": {dialog360.Book(), 131047},
		"360dialog":       {dialog360.V1Book(), 470},
		"vonage":          {vonage.Book(), 1340},
	} {
		for _, mode := range []codes.Mode{codes.InAnswer, codes.InReceipt} {
			if e := c.book.Judge(codes.Fault{Mode: mode, Code: c.code}); !e.WindowShut || e.Reason != "outside_window" {
				t.Errorf("%s: %d means %+v", name, c.code, e)
			}
		}
		for _, row := range c.book.Codes {
			if row.WindowShut && (row.First != c.code || row.Last != c.code) {
				t.Errorf("%s: %d to %d shut the window, too", name, row.First, row.Last)
			}
		}
	}
}
