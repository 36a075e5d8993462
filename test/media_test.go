package test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
	"carillon/internal/postgrestest"
	"carillon/internal/programtest"
	"carillon/simulator"
)

// pictures is how many messages share a picture.
var pictures = flag.Int("pictures", 3000, "how many messages share one picture")

// pictured is a campaign with a picture on two numbers.
const pictured = `name: pictured
channels: [main, second]
steps:
  - template: promo
    category: utility
    language: en
    header: {image: {file: promo.png}}
    body: ["{{Full Name|there}}"]
`

// paint makes a picture of so many pixels a side.
func paint(t *testing.T, side int) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewRGBA(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// serving is a process of the program and its client.
type serving struct {
	*running
	client *client.Client
	url    string
}

// serve starts the program with a ledger and a Redis that it may share.
func serve(t *testing.T, program, ledger, redis string, numbers map[string]string) *serving {
	t.Helper()
	address := programtest.FreeAddress(t)
	text := fmt.Sprintf("ledger: %s\nredis: %s\nhttp:\n  listen: %s\n  tokens: [{name: tests, token: %s, role: admin}]\nchannels:\n", ledger, redis, address, token)
	for name, url := range numbers {
		text += fmt.Sprintf("  %s: {base_url: %q, phone_number_id: %q, access_token: access, app_secret: %s, verify_token: verify, rate: 500, timeout: 20s}\n",
			name, url, map[string]string{"main": number, "second": "106540352242923"}[name], appSecret)
	}
	s := &serving{running: run(t, program, "serve", "-c", write(t, "carillon.yaml", text)), url: "http://" + address}
	c, err := cli.NewClient(s.url, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s.client = c
	programtest.Eventually(t, programtest.Patience, "the program answers", func() bool {
		answer, err := http.Get(s.url + "/healthz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close() // nothing is read
		return answer.StatusCode == http.StatusOK
	})
	return s
}

// TestOnePictureIsUploadedOnceForEachNumber kills the process that uploads the
// picture of a campaign while it is on its way: another one uploads it once for each
// of the two numbers, and all messages have it.
func TestOnePictureIsUploadedOnceForEachNumber(t *testing.T) {
	t.Parallel()
	n := *pictures
	program := programtest.Program(t)
	for engine, make := range map[string]func(t *testing.T) (ledger, redis string){
		"SQLite": func(t *testing.T) (string, string) {
			return "sqlite:" + filepath.Join(t.TempDir(), "carillon.db"), startRedis(t)
		},
		"PostgreSQL": func(t *testing.T) (string, string) { return postgrestest.Start(t).Database(t), startRedis(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ledger, redis := make(t)
			provider, url := startNumbers(t, simulator.Faults{UploadFor: time.Hour})
			numbers := map[string]string{"main": url, "second": url}
			first := serve(t, program, ledger, redis, numbers)
			folder := t.TempDir()
			definition := filepath.Join(folder, "pictured.yaml")
			for path, content := range map[string][]byte{definition: []byte(pictured), filepath.Join(folder, "promo.png"): paint(t, 600)} {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			launched, err := cli.Launch(t.Context(), first.client, cli.LaunchRequest{Campaign: definition, Contacts: people(t, n)})
			if err != nil {
				t.Fatal(err)
			}
			programtest.Eventually(t, programtest.Patience, "both numbers upload", func() bool { return provider.Counts().Uploading == 2 })
			first.kill()
			programtest.Eventually(t, programtest.Patience, "the uploads have broken off", func() bool { return provider.Counts().Uploading == 0 })
			if c := provider.Counts(); c.Uploads != 0 || c.Accepted != 0 {
				t.Fatalf("%+v after the uploader was killed", c)
			}
			provider.SetFaults(simulator.Faults{UploadFor: time.Second})
			second := serve(t, program, ledger, redis, numbers)
			for finished, sent := false, 0; !finished; {
				programtest.Eventually(t, programtest.Patience, "more is sent", func() bool {
					before := sent
					sent = provider.Counts().Accepted
					c, err := second.client.Campaign(t.Context(), launched.ID)
					finished = err == nil && c.State == "finished"
					return finished || sent > before
				})
			}
			truth := provider.Truth()
			perNumber := map[string]int{}
			for _, u := range truth.Uploads {
				perNumber[u.Number]++
			}
			if len(truth.Uploads) != 2 || perNumber[number] != 1 || truth.Uploads[0].Hash != truth.Uploads[1].Hash {
				t.Errorf("the uploads are %+v, want one for each number", truth.Uploads)
			}
			people := map[string]int{}
			for _, m := range truth.Messages {
				people[m.To]++
			}
			if len(truth.Messages) != n || len(people) != n {
				t.Errorf("%d messages to %d people, want %d", len(truth.Messages), len(people), n)
			}
			if refused := provider.Counts().Refused; len(refused) != 0 {
				t.Errorf("refusals: %v", refused)
			}
		})
	}
}

// startNumbers starts a provider that serves any number.
func startNumbers(t *testing.T, f simulator.Faults) (*simulator.Simulator, string) {
	t.Helper()
	provider := simulator.New(simulator.Options{AppSecret: appSecret, Faults: f})
	server := httptest.NewServer(provider)
	t.Cleanup(func() {
		provider.Close()
		server.Close()
	})
	return provider, server.URL
}

// TestFilesThatAListNames: each person gets their own, a row whose file is missing
// or of the wrong kind gets nothing.
func TestFilesThatAListNames(t *testing.T) {
	t.Parallel()
	h := startHouse(t, setup{redis: "embedded", rate: 100})
	folder, pictures := t.TempDir(), t.TempDir()
	definition := filepath.Join(folder, "c.yaml")
	text := "name: own\nchannel: main\nsteps:\n  - {template: own, language: en, category: utility, header: {image: {file: \"{{Picture}}\"}}}\n"
	for path, content := range map[string][]byte{
		definition: []byte(text), filepath.Join(pictures, "a.png"): paint(t, 20), filepath.Join(pictures, "b.png"): paint(t, 30),
		filepath.Join(pictures, "words.png"): []byte("no picture at all"), filepath.Join(folder, "beside.png"): paint(t, 40),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := write(t, "list.csv", `Phone,Picture
+4915123000001,a.png
+4915123000002,b.png
+4915123000003,a.png
+4915123000004,words.png
+4915123000005,none.png
+4915123000006,../c.yaml
+4915123000007,beside.png
`)
	c, err := cli.Launch(t.Context(), h.client, cli.LaunchRequest{Campaign: definition, Contacts: list, Media: pictures})
	if err != nil {
		t.Fatal(err)
	}
	if c.Verdicts[campaign.OK] != 3 || c.Verdicts[campaign.BadValue] != 4 {
		t.Errorf("verdicts %v", c.Verdicts)
	}
	h.finish(t, c.ID)
	truth := h.provider.Truth()
	if len(truth.Uploads) != 2 || len(truth.Messages) != 3 {
		t.Fatalf("%d uploads and %d messages", len(truth.Uploads), len(truth.Messages))
	}
	has := map[string]string{}
	for _, m := range truth.Messages {
		has[m.To] = string(m.Components)
	}
	if has["+4915123000001"] != has["+4915123000003"] || has["+4915123000001"] == has["+4915123000002"] {
		t.Errorf("the messages have %v", has)
	}
}
