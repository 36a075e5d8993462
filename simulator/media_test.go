package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFilesOfANumber: an identifier is good for the number that it was given to,
// and ends.
func TestFilesOfANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{MediaFor: time.Hour})
		defer s.Close()
		call := func(path, kind, body string) (int, string) {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set("Content-Type", kind)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		form := "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n" +
			"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nbytes\r\n--b--\r\n"
		status, answer := call("/v23.0/1/media", "multipart/form-data; boundary=b", form)
		var told struct{ ID string }
		if err := json.Unmarshal([]byte(answer), &told); err != nil || status != http.StatusOK || told.ID == "" {
			t.Fatalf("%d %s", status, answer)
		}
		if status, _ := call("/v23.0/1/media", "multipart/form-data; boundary=b", form[:150]); status != http.StatusBadRequest {
			t.Errorf("a broken upload is answered with %d", status)
		}
		send := func(number, id string) string {
			status, answer := call("/v23.0/"+number+"/messages", "application/json", `{"messaging_product":"whatsapp","to":"+447700900001","type":"template","template":{"name":"a","language":{"code":"en"},
				"components":[{"type":"header","parameters":[{"type":"image","image":{"id":"`+id+`"}}]}]}}`)
			if status == http.StatusOK {
				return ""
			}
			return answer
		}
		if answer := send("1", told.ID); answer != "" {
			t.Errorf("refused: %s", answer)
		}
		for _, other := range [][2]string{{"2", told.ID}, {"1", "7"}} {
			if answer := send(other[0], other[1]); !strings.Contains(answer, "131053") {
				t.Errorf("file %s of number %s: %s", other[1], other[0], answer)
			}
		}
		time.Sleep(time.Hour + time.Second)
		if answer := send("1", told.ID); !strings.Contains(answer, "131053") {
			t.Errorf("a file that has ended: %s", answer)
		}
		truth := s.Truth()
		if len(truth.Uploads) != 1 || truth.Uploads[0].Number != "1" || truth.Uploads[0].Size != 5 || truth.Counts.Uploads != 1 || truth.Counts.Uploading != 0 {
			t.Errorf("%+v, %+v", truth.Uploads, truth.Counts)
		}
	})
}
