package app

import (
	"carillon/admission"
	"carillon/configs"
)

// doorOf lets in what the channels and calendars of a configuration can serve.
func doorOf(config *configs.Config) (admission.Door, error) {
	door := admission.Door{Rates: make(map[string]float64, len(config.Channels))}
	for name, channel := range config.Channels {
		door.Rates[name] = channel.Rate
	}
	var err error
	door.Calendars, err = config.Calendars()
	return door, err
}
