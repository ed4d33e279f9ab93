package smart_test

import (
	"crypto/ed25519"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/fhir"
	"sluis/smart"
)

// A token is minted for a patient and read back; the grant says what it
// reaches, and an expired token says so.
func Example() {
	key := jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), KeyID: "k1"}
	keys, err := smart.NewKeySet(key.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	scopes, err := smart.ParseScopes("patient/Observation.rs patient/Condition.read")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	here := smart.Expectation{Issuer: "https://sluis.example", Audience: "https://sluis.example/fhir"}
	token, err := smart.Mint(smart.Grant{
		JTI: "0001", Client: "portal", User: fhir.Ref{Type: "Patient", ID: "a"},
		Scopes: scopes, Expires: at.Add(15 * time.Minute),
	}, here, key, at)
	if err != nil {
		fmt.Println(err)
		return
	}

	grant, err := smart.Verify(token, keys, here, at.Add(time.Minute))
	fmt.Println(grant.User, grant.Scopes, err)
	fmt.Println(grant.Allows(smart.Needs(fhir.SearchType), "Observation"), grant.Allows(smart.Needs(fhir.Create), "Observation"))
	fmt.Printf("%+v\n", grant.Filter(smart.SearchPermission))
	_, err = smart.Verify(token, keys, here, at.Add(time.Hour))
	fmt.Println(err)
	// Output:
	// Patient/a patient/Observation.rs patient/Condition.read <nil>
	// true false
	// {Parts:[{Parts:[{Types:[Observation]} {X:{Patients:[Patient/a]}}]} {Parts:[{Types:[Condition]} {X:{Patients:[Patient/a]}}]}]}
	// invalid_token: the token has expired
}

func ExampleParseScopes() {
	_, err := smart.ParseScopes("patient/Observation.dus")
	fmt.Println(err)
	scopes, err := smart.ParseScopes("system/Patient.read system/Observation.cruds openid")
	fmt.Println(scopes, err)
	// Output:
	// scope patient/Observation.dus: permissions are an ordered part of cruds, or read, write or *
	// system/Patient.read system/Observation.cruds openid <nil>
}

func ExampleScopes_Within() {
	asked, err := smart.ParseScopes("system/*.cruds")
	if err != nil {
		fmt.Println(err)
		return
	}
	ceiling, err := smart.ParseScopes("system/Observation.rs system/Patient.r")
	fmt.Println(asked.Within(ceiling), err)
	// Output: system/Observation.rs system/Patient.r <nil>
}
