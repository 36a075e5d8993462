package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/client"
	"carillon/configs"
	"carillon/contacts"
	"carillon/whatsapp/providers"
)

// CheckResult is what a campaign would do with a list.
type CheckResult struct{ api.Checked }

// Check reads a campaign and its list as a launch would, and sends nothing. It
// needs no server; a configuration, whose path may be empty, tells the
// number's rate. The error is a *UsageError where a file cannot be used, and
// says so where ctx ended first.
func Check(ctx context.Context, campaignPath, contactsPath, configPath string) (*CheckResult, error) {
	return CheckAgainst(ctx, nil, campaignPath, contactsPath, configPath, "")
}

// CheckWithMedia is Check with the folder of the files that the list names; if empty,
// they are beside the campaign's file.
func CheckWithMedia(ctx context.Context, campaignPath, contactsPath, configPath, mediaDir string) (*CheckResult, error) {
	return CheckAgainst(ctx, nil, campaignPath, contactsPath, configPath, mediaDir)
}

// CheckAgainst is CheckWithMedia with the templates that a server knows, unless that
// is nil.
func CheckAgainst(ctx context.Context, server *client.Client, campaignPath, contactsPath, configPath, mediaDir string) (*CheckResult, error) {
	def, err := readCampaign(campaignPath)
	if err != nil {
		return nil, err
	}
	config, err := readConfig(configPath)
	if err != nil {
		return nil, err
	}
	door, admitted, err := admit(config, campaignPath, configPath, def)
	if err != nil {
		return nil, err
	}
	approval, err := approve(ctx, server, campaignPath, def)
	if err != nil {
		return nil, err
	}
	reader, err := contacts.Open(contactsPath, def.Contacts, contacts.DefaultLimits())
	if err != nil {
		return nil, unusable(contactsPath, err)
	}
	defer func() { _ = reader.Close() }() // it was only read
	source, done, err := openMedia(campaignPath, mediaDir, def)
	if err != nil {
		return nil, err
	}
	defer done()
	list, err := admission.NewList(reader, admitted, admission.NewFiles(source), time.Now())
	if err != nil {
		return nil, unusable(campaignPath, err)
	}
	list.Against(def, approval.Lists)
	checked, err := door.Check(ctx, admitted, list, admission.CheckOptions{Approval: approval, Pace: pace(config, door, def), Now: time.Now()})
	var broken *contacts.Error
	switch {
	case ctx.Err() != nil:
		return nil, errors.New("interrupted before the whole list was read; nothing was sent; run the check again")
	case errors.As(err, &broken):
		return nil, unusable(contactsPath, err)
	case err != nil:
		return nil, err
	}
	checked.Columns = nil // the layout has those that are used
	return &CheckResult{*checked}, nil
}

// pace is how fast a campaign's channels send, each at the usual rate where there is
// no configuration.
func pace(config *configs.Config, door admission.Door, def *campaign.Definition) admission.Pace {
	if config == nil {
		return admission.Pace{Rate: providers.All()[0].Rate * float64(len(def.ChannelNames()))}
	}
	return door.Pace(def)
}

func readCampaign(path string) (*campaign.Definition, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, Usagef("%w; name a campaign's YAML file", err)
	}
	def, err := campaign.Parse(text)
	if err != nil {
		return nil, unusable(path, err)
	}
	return def, nil
}

// admit asks whether a server with the configuration would take the campaign.
// Without one nothing is known of channels and calendars, and the channels are taken
// for Meta's, which can send whatever a campaign and its list may hold.
func admit(config *configs.Config, campaignPath, configPath string, def *campaign.Definition) (door admission.Door, admitted admission.Campaign, err error) {
	if config == nil {
		return door, admission.Campaign{Definition: def}, nil
	}
	if door, err = DoorOf(config); err != nil {
		return door, admitted, &UsageError{Err: err}
	}
	admitted, err = door.Admit(def)
	var unknown *admission.UnknownChannelError
	switch {
	case errors.As(err, &unknown):
		err = Usagef("%s has no channel %q, which the campaign uses; add it, or name another one in the campaign", configPath, unknown.Channel)
	case err != nil:
		err = unusable(campaignPath, err)
	}
	return door, admitted, err
}

// unusable is the *UsageError for a file; its name stands before every line.
func unusable(path string, err error) error {
	lines := strings.Split(err.Error(), "\n")
	for i, line := range lines {
		lines[i] = path + ": " + line
	}
	return Usagef("%s", strings.Join(lines, "\n"))
}

// readConfig reads the configuration; nil where none is named.
func readConfig(path string) (*configs.Config, error) {
	if path == "" {
		return nil, nil
	}
	return LoadConfig(path)
}
