package devlogin_test

import (
	"encoding/json"
	"fmt"

	"sluis/smart/authserver/devlogin"
)

// The provider answers inside the process: nothing listens here.
func Example() {
	p, err := devlogin.New(devlogin.Config{
		Issuer: "https://sluis.example/auth/dev", ClientID: "sluis", RedirectURI: "https://sluis.example/auth/callback",
		People: []devlogin.Person{{Name: "Patient A", FHIRUser: "Patient/a", ACR: "urn:example:high"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := p.Client().Get("https://sluis.example/auth/dev/.well-known/openid-configuration")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	var doc struct {
		Authorize string   `json:"authorization_endpoint"`
		PKCE      []string `json:"code_challenge_methods_supported"`
	}
	fmt.Println(json.NewDecoder(res.Body).Decode(&doc))
	fmt.Println(doc.Authorize, doc.PKCE)
	// Output:
	// <nil>
	// https://sluis.example/auth/dev/authorize [S256]
}
