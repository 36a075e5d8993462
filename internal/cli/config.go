package cli

import (
	"os"

	"carillon/admission"
	"carillon/campaign"
	"carillon/configs"
	"carillon/whatsapp/providers"
)

// DoorOf lets in what the channels and calendars of a configuration can serve.
func DoorOf(config *configs.Config) (admission.Door, error) {
	door := admission.Door{
		Rates: make(map[string]float64, len(config.Channels)),
		Supports: func(channel string, step campaign.Step) error {
			return config.Channels[channel].Spec.Refuses(&step)
		},
		UserIDs: func(channel string) error { return config.Channels[channel].Spec.RefusesUserIDs() },
		Daily:   config.DailyLimit,
		Unsure:  func(channel string) string { return unsure(config.Channels[channel]) },
	}
	for name, channel := range config.Channels {
		door.Rates[name] = channel.Rate
	}
	var err error
	door.Calendars, err = config.Calendars()
	return door, err
}

// LoadConfig reads a configuration; a mistake in it is the caller's.
func LoadConfig(path string) (*configs.Config, error) {
	config, err := configs.Load(path, os.LookupEnv, providers.All())
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	return config, nil
}
