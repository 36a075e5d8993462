package api

import (
	"encoding/json"
	"time"

	"carillon/campaign"
)

// Templates are those of the account that a channel belongs to.
type Templates struct {
	Channel string `json:"channel"`
	// FetchedAt is when the provider listed them, null for never; then nothing is known
	// of them.
	FetchedAt *time.Time `json:"fetched_at"`
	// Trouble says why there is no list, or no newer one; empty where all is well.
	Trouble string     `json:"trouble"`
	Items   []Template `json:"items"`
}

// AllTemplates are those of all channels.
type AllTemplates struct {
	Items []Templates `json:"items"`
}

// Template is a template as the provider knows it, approved or not.
type Template struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	// Category and Status are the provider's words in lower case; only approved ones
	// are sent.
	Category campaign.Category `json:"category"`
	Status   string            `json:"status"`
	// Components are its definition in the Cloud API's JSON; null where it is not
	// told.
	Components json.RawMessage `json:"components"`
}

// List is what a campaign can be held against.
func (t *Templates) List() campaign.TemplateList {
	list := campaign.TemplateList{Channel: t.Channel, Trouble: t.Trouble}
	if t.FetchedAt != nil {
		list.Fetched = *t.FetchedAt
	}
	for _, item := range t.Items {
		list.Templates = append(list.Templates, campaign.Approved{
			TemplateName: campaign.TemplateName{Name: item.Name, Language: item.Language},
			Category:     item.Category, Status: item.Status, Components: item.Components,
		})
	}
	return list
}
