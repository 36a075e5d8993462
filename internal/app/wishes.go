package app

import (
	"fmt"

	"carillon/campaign"
	"carillon/configs"
)

// newWishes recognises what the configuration says that people write.
func newWishes(config *configs.Config) (*campaign.Wishes, error) {
	stops := map[string]campaign.SuppressionScope{}
	for word, scope := range config.OptOut.Stops() {
		stops[word] = campaign.SuppressionScope(scope)
	}
	wishes, err := campaign.NewWishes(stops, config.OptIn.Starts())
	if err != nil {
		return nil, fmt.Errorf("opt_out, opt_in: %w", err)
	}
	return wishes, nil
}
