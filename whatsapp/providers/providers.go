// Package providers lists the kinds of providers that there are. It is the one
// place that names them all.
package providers

import (
	"carillon/whatsapp"
	"carillon/whatsapp/cloud"
	"carillon/whatsapp/dialog360"
	"carillon/whatsapp/gateway"
	"carillon/whatsapp/service4u"
	"carillon/whatsapp/vonage"
)

// All lists every kind of provider. The first is that of channels that name none.
func All() []whatsapp.Spec {
	return []whatsapp.Spec{
		cloud.Spec(), service4u.Spec(), dialog360.CloudSpec(), dialog360.V1Spec(), vonage.Spec(), vonage.BetaSpec(), gateway.Spec(),
	}
}

// Find returns the kind of this name.
func Find(name string) (whatsapp.Spec, bool) {
	for _, spec := range All() {
		if spec.Name == name {
			return spec, true
		}
	}
	return whatsapp.Spec{}, false
}
