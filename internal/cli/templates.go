package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"carillon/admission"
	"carillon/api"
	"carillon/campaign"
	"carillon/client"
)

// approve holds a campaign against the templates that a server knows. Without one
// nothing is known. A step that does not fit is a *UsageError.
func approve(ctx context.Context, server *client.Client, campaignPath string, def *campaign.Definition) (admission.Approval, error) {
	if server == nil {
		return admission.Approval{}, nil
	}
	var lists []campaign.TemplateList
	for _, channel := range def.AllChannels() {
		known, err := server.Templates(ctx, channel)
		if err != nil {
			return admission.Approval{}, err
		}
		lists = append(lists, known.List())
	}
	approval, err := admission.ApproveBy(lists, def, time.Now())
	if err != nil {
		return approval, unusable(campaignPath, err)
	}
	return approval, nil
}

// Templates asks a server for the templates of a channel, of all where that is empty.
// refresh has the server ask the provider in any case.
func Templates(ctx context.Context, c *client.Client, channel string, refresh bool) ([]api.Templates, error) {
	lists := []api.Templates{{Channel: channel}}
	var err error
	switch {
	case channel == "":
		if lists, err = c.AllTemplates(ctx); err != nil {
			return nil, err
		}
	case !refresh:
		lists[0], err = c.Templates(ctx, channel)
		return lists, err
	}
	for i := range lists {
		if !refresh {
			break
		}
		if lists[i], err = c.RefreshTemplates(ctx, lists[i].Channel); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// WriteTemplates shows the templates of channels.
func WriteTemplates(out io.Writer, lists []api.Templates, now time.Time) error {
	var text bytes.Buffer
	for i := range lists {
		if len(lists) > 1 {
			fmt.Fprintf(&text, "%schannel %s\n", strings.Repeat("\n", min(i, 1)), lists[i].Channel)
		}
		writeTemplates(&text, &lists[i], now)
	}
	_, err := out.Write(text.Bytes())
	return err
}

func writeTemplates(text *bytes.Buffer, list *api.Templates, now time.Time) {
	switch {
	case list.FetchedAt == nil:
		fmt.Fprintf(text, "%s: the templates are not known: %s\n", list.Channel, list.Trouble)
	case list.Trouble != "":
		fmt.Fprintf(text, "%s: the list is %s old: %s\n", list.Channel, now.Sub(*list.FetchedAt).Truncate(time.Second), list.Trouble)
	case len(list.Items) == 0:
		fmt.Fprintf(text, "%s: the account has no templates\n", list.Channel)
	}
	if len(list.Items) > 0 {
		table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "TEMPLATE\tLANGUAGE\tCATEGORY\tSTATUS\tEXPECTS")
		known := list.List()
		for i := range known.Templates {
			t := &known.Templates[i]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.Name, t.Language, t.Category, t.Status, t.Expects())
		}
		_ = table.Flush() // a buffer takes everything
	}
}
