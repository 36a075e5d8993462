package app

import (
	"log/slog"
	"time"

	"carillon/admission"
	"carillon/configs"
	"carillon/ledger"
	"carillon/whatsapp"
)

// newTemplates knows the templates of the open channels.
func newTemplates(l *ledger.Ledger, config *configs.Config, clients map[string]whatsapp.Provider, log *slog.Logger) *admission.Templates {
	sources := map[string]admission.TemplateSource{}
	for name, channel := range config.Channels {
		source := admission.TemplateSource{Account: config.AccountName(name), Unlisted: channel.Spec.Unlisted}
		if library, lists := clients[name].(whatsapp.Library); lists {
			source.Library = library
		}
		sources[name] = source
	}
	return admission.NewTemplates(l, sources, log, time.Now)
}
