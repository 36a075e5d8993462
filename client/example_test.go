package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/ledger"
	"carillon/web"
	"carillon/whatsapp"
)

const token = "operator-token-0123"

// serve runs the program's own API in a folder of its own. Nobody sends: the
// scheduler and the workers are other parts of Carillon.
func serve() (server *httptest.Server, stop func()) {
	folder, err := os.MkdirTemp("", "client-example-")
	if err != nil {
		panic(err)
	}
	record, err := ledger.Open(context.Background(), "sqlite:"+filepath.Join(folder, "carillon.db"))
	if err != nil {
		panic(err)
	}
	answers, err := web.New(web.Options{
		Ledger: record, Channels: map[string]web.Channel{"main": {Identity: whatsapp.Identity{Number: "1"}}},
		Door:   admission.Door{Rates: map[string]float64{"main": 80}},
		Tokens: []web.Token{{Name: "ops", Token: token, Role: web.Admin}},
	})
	if err != nil {
		panic(err)
	}
	server = httptest.NewServer(answers.Handler())
	return server, func() {
		answers.Close()
		server.Close()
		if err := errors.Join(record.Close(), os.RemoveAll(folder)); err != nil {
			panic(err)
		}
	}
}

const greeting = `
name: greeting
channel: main
steps: [{template: hello, language: en, body: ["{{Name}}"]}]
`

const people = "Phone,Name\n+4915123018622,Anna\n+33612982489,Bert\n12,Nobody\n"

// A campaign is launched out of memory, and its list may have rows that cannot be
// sent to.
func ExampleClient_Launch() {
	server, stop := serve()
	defer stop()
	c, err := client.New(server.URL, token)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	launched, err := c.Launch(context.Background(), client.Upload{
		Campaign: client.Text("greeting.yaml", []byte(greeting)),
		Contacts: client.Text("people.csv", []byte(people)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(launched.Name, "is", launched.State)
	fmt.Println(launched.Counts[campaign.Pending], "to be sent,", launched.Counts[campaign.Rejected], "not")
	for _, p := range launched.Problems {
		fmt.Printf("row %d: %s\n", p.Row, p.Verdict)
	}
	// Output:
	// greeting is running
	// 2 to be sent, 1 not
	// row 3: invalid
}

// A campaign is paused, and cancelled for good.
func ExampleClient_Act() {
	server, stop := serve()
	defer stop()
	c, err := client.New(server.URL, token)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	ctx := context.Background()
	launched, err := c.Launch(ctx, client.Upload{Campaign: client.Text("greeting.yaml", []byte(greeting)), Contacts: client.Text("people.csv", []byte(people))})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range []string{"pause", "cancel", "resume"} {
		changed, err := c.Act(ctx, launched.ID, action)
		var refused *api.Problem
		if errors.As(err, &refused) {
			fmt.Println(action, "is refused:", refused.Kind())
			continue
		}
		fmt.Println(changed.State)
	}
	// Output:
	// paused
	// cancelled
	// resume is refused: wrong-state
}

// What is wrong with a campaign's file is told with the lines.
func ExampleClient_Launch_mistakes() {
	server, stop := serve()
	defer stop()
	c, err := client.New(server.URL, token)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Launch(context.Background(), client.Upload{
		Campaign: client.Text("greeting.yaml", []byte("name: greeting\nchannel: main\nspeed: 3\nsteps: [{template: hello, language: en}]\n")),
		Contacts: client.Text("people.csv", []byte(people)),
	})
	var refused *api.Problem
	if errors.As(err, &refused) && refused.Kind() == api.BadCampaign {
		for _, wrong := range refused.Errors {
			fmt.Println("line", wrong.Line, wrong.Path)
		}
	}
	// Output:
	// line 3 speed
}

// People who do not want to be written to are left alone from then on.
func ExampleClient_Suppress() {
	server, stop := serve()
	defer stop()
	c, err := client.New(server.URL, token)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	ctx := context.Background()
	done, err := c.Suppress(ctx, []api.NewSuppression{{Phone: "+49 1512 3018622", Scope: "marketing", Reason: "asked by mail"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(done.Suppressed, "opted out")
	list, err := c.Suppressions(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range list {
		fmt.Println(s.Phone, s.Scope, s.Source)
	}
	// Output:
	// 1 opted out
	// +4915123018622 marketing operator
}

// Where nobody serves, the error tells.
func ExampleNew() {
	server, stop := serve()
	stop()
	c, err := client.New(server.URL, token)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = c.Campaigns(context.Background())
	fmt.Println(errors.Is(err, client.ErrNoServer))
	_, err = client.New("somewhere", token)
	fmt.Println(err)
	// Output:
	// true
	// "somewhere" is not a server's address; write one such as http://127.0.0.1:8080
}
