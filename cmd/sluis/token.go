package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"sluis/cmd/sluis/config"
	"sluis/fhir"
	"sluis/smart"
)

// tokenCommand mints a token for an operator, with the key of the data
// directory: whoever can read that can do anything.
type tokenCommand struct {
	settings
	Scope        string        `help:"SMART scopes, separated by spaces." required:""`
	Patient      string        `help:"Patient in context, Patient/id or id."`
	User         string        `help:"fhirUser, for example Practitioner/id or Patient/id."`
	Client       string        `help:"Client id." default:"sluis-operator"`
	Organization string        `help:"Id of the custodian the token acts for; system/ scopes default to the home organisation."`
	Purpose      []string      `help:"Purposes of use (v3-ActReason)." default:"TREAT"`
	Role         string        `help:"Role code of the user, for the log."`
	ACR          string        `name:"acr" help:"Authentication context class."`
	TTL          time.Duration `name:"ttl" help:"How long the token is valid." default:"1h"`
	ChooseIDs    bool          `name:"choose-ids" help:"Let the client create by PUT under ids of its choice; it can then learn which ids exist."`
	Officer      bool          `name:"privacy-officer" help:"Sees consents and the log of anyone."`
	Supervisor   bool          `help:"Sees the log of anyone, and nothing else."`
}

func (t *tokenCommand) Run() error {
	c, err := t.load()
	if err != nil {
		return err
	}
	grant, err := t.grant(c)
	if err != nil {
		return err
	}
	keys, err := openKeys(c)
	if err != nil {
		return err
	}
	a := &app{config: c, keys: keys}
	token, err := a.mint(grant)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

// mint signs a grant and reads it back, so that no token leaves that the
// server would refuse.
func (a *app) mint(g smart.Grant) (string, error) {
	g.JTI = rand.Text()
	token, err := smart.Mint(g, a.expectation(), a.keys.Signing(), time.Now())
	if err != nil {
		return "", err
	}
	if _, err := a.verify(token); err != nil {
		return "", fmt.Errorf("the server would refuse this token: %w", err)
	}
	return token, nil
}

func (t *tokenCommand) grant(c config.Config) (smart.Grant, error) {
	scopes, err := smart.ParseScopes(t.Scope)
	if err != nil {
		return smart.Grant{}, err
	}
	g := smart.Grant{
		Client: t.Client, Scopes: scopes, Organization: t.Organization, Purposes: t.Purpose, Role: t.Role, ACR: t.ACR,
		Expires: time.Now().Add(t.TTL), ChooseIDs: t.ChooseIDs, PrivacyOfficer: t.Officer, Supervisor: t.Supervisor,
	}
	if t.User != "" {
		ref, ok := fhir.ParseRef(t.User)
		if !ok {
			return smart.Grant{}, fmt.Errorf("--user %q is not a reference such as Practitioner/id", t.User)
		}
		g.User = ref
	}
	if t.Patient != "" {
		ref, ok := fhir.ParseRef("Patient/" + strings.TrimPrefix(t.Patient, "Patient/"))
		if !ok {
			return smart.Grant{}, fmt.Errorf("--patient %q is not an id", t.Patient)
		}
		g.Patient = ref
	}
	if g.Organization == "" && !g.OwnToken() {
		g.Organization = c.Home
	}
	if g.Organization != "" {
		if _, ok := c.Custodian(g.Organization); !ok {
			return smart.Grant{}, fmt.Errorf("--organization %q is not a configured custodian", g.Organization)
		}
	}
	return g, nil
}
