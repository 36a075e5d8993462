package simulator_test

import (
	"fmt"
	"maps"
	"slices"

	"carillon/simulator"
)

// A harness configures a channel of any provider without knowing its keys.
func ExampleOptions_Settings() {
	for _, dialect := range simulator.Dialects() {
		o := simulator.Options{Dialect: dialect, AccessToken: "token", AppSecret: "secret", PhoneNumberID: "15550001234"}
		settings := o.Settings("http://127.0.0.1:8090")
		fmt.Println("provider:", dialect.Name())
		for _, key := range slices.Sorted(maps.Keys(settings)) {
			fmt.Printf("  %s: %s\n", key, settings[key])
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
}
