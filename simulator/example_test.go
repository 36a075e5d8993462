package simulator_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"carillon/simulator"
)

// A harness configures a channel of any provider without knowing its keys.
func ExampleOptions_Settings() {
	for _, dialect := range simulator.Dialects() {
		o := simulator.Options{Dialect: dialect, AccessToken: "token", AppSecret: "secret", PhoneNumberID: "15550001234"}
		settings := o.Settings("http://127.0.0.1:8090")
		fmt.Println("provider:", dialect.Name())
		for _, key := range slices.Sorted(maps.Keys(settings)) {
			line, _, _ := strings.Cut(settings[key], "\n")
			fmt.Printf("  %s: %s\n", key, line)
		}
	}
	// Output:
	// provider: cloud
	//   access_token: token
	//   app_secret: secret
	//   base_url: http://127.0.0.1:8090
	//   phone_number_id: 15550001234
	//   verify_token: any-word
	// provider: service4u
	//   access_token: token
	//   app_secret: secret
	//   base_url: http://127.0.0.1:8090
	//   sender: 15550001234
	//   verify_token: any-word
	// provider: 360dialog-cloud
	//   api_key: token
	//   base_url: http://127.0.0.1:8090
	//   webhook_secret: secret
	// provider: 360dialog
	//   api_key: token
	//   base_url: http://127.0.0.1:8090/v1
	//   namespace: c8ae5f90_307a_ca4c_b8f6_d1e2a2573574
	//   webhook_secret: secret
	// provider: vonage
	//   application_id: aaaaaaaa-bbbb-4ccc-8ddd-102cc42a2341
	//   base_url: http://127.0.0.1:8090
	//   namespace: simulated_namespace
	//   private_key: -----BEGIN PRIVATE KEY-----
	//   sender: 15550001234
	//   signature_secret: secret
	// provider: vonage-beta
	//   application_id: aaaaaaaa-bbbb-4ccc-8ddd-102cc42a2341
	//   base_url: http://127.0.0.1:8090
	//   namespace: simulated_namespace
	//   private_key: -----BEGIN PRIVATE KEY-----
	//   sender: 15550001234
	//   signature_secret: secret
	// provider: gateway
	//   access_token: token
	//   base_url: http://127.0.0.1:8090
}
