package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"carillon/campaign"
	"carillon/client"
	"carillon/internal/cli"
)

const accessToken = "the-access-token"

// house is a Carillon that a scene has started: all its processes, and what
// they work with.
type house struct {
	processes []*process
	database  *process // nil for SQLite
	redis     *redisServer
	shards    []*redisServer // redis and what else a cluster has
	queues    string         // the address of the queues
	provider  *provider
	url       string // of the process that answers the API and webhooks
	channels  []string
	client    *client.Client
}

// plan says what a house is like.
type plan struct {
	engine string
	rate   int // of each number; 0 for no limit
	// numbers is how many there are; 0 stands for one.
	numbers int
	// cluster has a Redis Cluster in the place of the one Redis.
	cluster bool
	// distance is how long a round trip to the one Redis takes beside its work.
	distance time.Duration
	// roles are the processes; if nil, one process takes all roles.
	roles []string
}

// configuration is what all processes of a house are told. What it does not say
// is at its default.
const configuration = `ledger: %s
redis: %s
http: {listen: "127.0.0.1:0"}
channels:
`

// channelConfiguration is one of its channels.
const channelConfiguration = `  %s:
    provider: cloud
    base_url: %s
    phone_number_id: "%s"
    access_token: ` + accessToken + `
    app_secret: ` + appSecret + `
    rate: %d
`

// configure writes what the processes are told, and names the channels: main, of the
// number that receipts come for, and others.
func (h *house) configure(path, ledger string, p plan) error {
	text := fmt.Sprintf(configuration, ledger, h.queues)
	for n := range max(p.numbers, 1) {
		name, number := "main", phoneNumberID
		if n > 0 {
			name, number = fmt.Sprintf("n%d", n), fmt.Sprintf("%s%d", phoneNumberID, n)
		}
		h.channels = append(h.channels, name)
		text += fmt.Sprintf(channelConfiguration, name, h.provider.url, number, p.rate)
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// open starts a house whose provider is the scene's.
func (s *scene) open(p plan) (*house, error) {
	h := &house{provider: s.provider}
	folder, err := os.MkdirTemp(s.folder, "house-")
	if err != nil {
		return nil, err
	}
	address, database, err := s.newLedger(p.engine, folder)
	if err != nil {
		return nil, err
	}
	h.database = database
	if err := h.startQueues(s, p); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "carillon.yaml")
	if err := h.configure(path, address, p); err != nil {
		return nil, err
	}
	if p.roles == nil {
		p.roles = []string{"serve"}
	}
	for _, role := range p.roles {
		process, err := s.start(role, s.program, role, "-c", path)
		if err != nil {
			return nil, err
		}
		url, err := process.says(s.ctx, `serves at (http://\S+)`)
		if err != nil {
			return nil, err
		}
		if role == "serve" || role == "web" {
			h.url = url
		}
		h.processes = append(h.processes, process)
	}
	if h.client, err = cli.NewClient(h.url, ""); err != nil {
		return nil, err
	}
	s.onClose(func() error { h.client.Close(); return nil })
	return h, nil
}

// startQueues starts the Redis that the queues are in, or a cluster.
func (h *house) startQueues(s *scene, p plan) (err error) {
	if p.cluster {
		if h.shards, err = s.startCluster(); err != nil {
			return err
		}
		h.redis = h.shards[0]
		addresses := make([]string, len(h.shards))
		for i, shard := range h.shards {
			addresses[i] = shard.address
		}
		h.queues = "redis-cluster://" + strings.Join(addresses, ",")
		return nil
	}
	if h.redis, err = s.startRedis("redis"); err != nil {
		return err
	}
	h.shards = []*redisServer{h.redis}
	address := h.redis.address
	if p.distance > 0 {
		if address, err = s.moveAway(address, p.distance); err != nil {
			return err
		}
	}
	h.queues = "redis://" + address + "/0"
	return nil
}

// webhook is where the provider's receipts go.
func (h *house) webhook() string { return h.url + "/webhooks/main" }

// costs are all processes that a message of the house is paid by: its own, Redis
// and PostgreSQL.
func (h *house) costs() []*process {
	all := slices.Clone(h.processes)
	for _, shard := range h.shards {
		all = append(all, shard.process)
	}
	if h.database != nil {
		all = append(all, h.database)
	}
	return all
}

// upload makes a campaign on all channels; see uploadOn.
func (h *house) upload(ctx context.Context, template string, rows int, start bool) (client.Campaign, error) {
	return h.uploadOn(ctx, h.channels, template, rows, start)
}

// uploadOn makes a campaign of the first rows of the list, and checks that each
// of them may be sent to. It is a draft, unless it shall start.
func (h *house) uploadOn(ctx context.Context, channels []string, template string, rows int, start bool) (client.Campaign, error) {
	var made client.Campaign
	body, content := io.Pipe()
	form := multipart.NewWriter(content)
	written := make(chan struct{})
	go func() {
		defer close(written)
		content.CloseWithError(writeUpload(form, definition(template, channels), rows))
	}()
	defer func() {
		_ = body.Close() // the writer ends, whether or not all was wanted
		<-written
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+fmt.Sprintf("/api/campaigns?start=%t", start), body)
	if err != nil {
		return made, err
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return made, fmt.Errorf("upload: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return made, fmt.Errorf("upload: %w", err)
	}
	if answer.StatusCode != http.StatusCreated {
		return made, fmt.Errorf("upload: the server answers %s: %s", answer.Status, text)
	}
	if err := json.Unmarshal(text, &made); err != nil {
		return made, err
	}
	if made, err = h.client.Campaign(ctx, made.ID); err == nil && made.Verdicts["ok"] != int64(rows) {
		err = fmt.Errorf("the list of %d rows became %v", rows, made.Verdicts)
	}
	return made, err
}

func writeUpload(form *multipart.Writer, definition string, rows int) error {
	part, err := form.CreateFormFile("campaign", "campaign.yaml")
	if err != nil {
		return err
	}
	if _, err := io.Copy(part, strings.NewReader(definition)); err != nil {
		return err
	}
	if part, err = form.CreateFormFile("contacts", "contacts.csv"); err != nil {
		return err
	}
	if err := writeList(part, rows); err != nil {
		return err
	}
	return form.Close()
}

func (h *house) act(ctx context.Context, id, action string) error {
	_, err := h.client.Act(ctx, id, action)
	return err
}

// ended waits until nothing of a campaign is open.
func (h *house) ended(ctx context.Context, id string) error {
	const patience = 5 * time.Minute
	return eventually(ctx, patience, "the campaign ends", func() (bool, error) {
		c, err := h.client.Campaign(ctx, id)
		return c.FinishedAt != nil && c.Counts[campaign.Pending]+c.Counts[campaign.Posting] == 0, err
	})
}

// peak is the most memory that any process of the house has held, in MB.
func (h *house) peak() (float64, error) {
	var highest float64
	for _, p := range h.processes {
		_, most, err := p.memory()
		if err != nil {
			return 0, err
		}
		highest = max(highest, most)
	}
	return highest, nil
}
