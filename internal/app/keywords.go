package app

import (
	"fmt"

	"carillon/campaign"
	"carillon/configs"
)

// newKeywords recognises what the configuration says that people write.
func newKeywords(config *configs.Config) (*campaign.Keywords, error) {
	stops := map[string]campaign.SuppressionScope{}
	for word, scope := range config.OptOut.Stops() {
		stops[word] = campaign.SuppressionScope(scope)
	}
	keywords, err := campaign.NewKeywords(stops, config.OptIn.Starts())
	if err != nil {
		return nil, fmt.Errorf("opt_out, opt_in: %w", err)
	}
	return keywords, nil
}
