package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"carillon/client"
)

// launchTwice makes the same request several times: three times at once, as a
// caller does who is tired of waiting, and again when it is through.
func launchTwice(s *stage) {
	definition, people := s.definition(), s.people()
	const atOnce = 3
	answers := make([]launched, atOnce, atOnce+1)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() { answers[n] = s.launchWithKey(definition, people) })
	}
	group.Wait()
	answers = append(answers, s.launchWithKey(definition, people))
	for _, a := range answers {
		switch {
		case a.err != nil:
			s.Fatal(a.err)
		case a.status == http.StatusConflict: // while the first one is under way
		case s.id == "":
			s.id = a.id
		case a.id != s.id:
			s.Errorf("one key made the campaigns %s and %s", s.id, a.id)
		}
	}
	if a := answers[atOnce]; a.status != http.StatusCreated && a.status != http.StatusOK {
		s.Errorf("the last one was answered with %d", a.status)
	}
	all, err := s.client.Campaigns(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if len(all) != 1 {
		s.Fatalf("there are %d campaigns, want 1", len(all))
	}
}

// launched is the answer to a launch.
type launched struct {
	status int
	id     string
	err    error
}

// launchWithKey uploads and starts a campaign under a key that never changes.
func (s *stage) launchWithKey(files ...string) (l launched) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for n, field := range []string{"campaign", "contacts"} {
		text, err := os.ReadFile(files[n])
		if err != nil {
			return launched{err: err}
		}
		part, err := form.CreateFormFile(field, filepath.Base(files[n]))
		if err != nil {
			return launched{err: err}
		}
		if _, err := part.Write(text); err != nil {
			return launched{err: err}
		}
	}
	if err := form.Close(); err != nil {
		return launched{err: err}
	}
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.front.URL+"/api/campaigns?start=true", &body)
	if err != nil {
		return launched{err: err}
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Idempotency-Key", "the-same-each-time")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return launched{err: err}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return launched{err: err}
	}
	var c client.Campaign
	if answer.StatusCode < 300 {
		err = json.Unmarshal(text, &c)
	} else if answer.StatusCode != http.StatusConflict {
		err = fmt.Errorf("the launch was answered with %s: %s", answer.Status, text)
	}
	return launched{status: answer.StatusCode, id: c.ID, err: err}
}
