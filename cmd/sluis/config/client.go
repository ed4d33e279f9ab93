package config

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// purposes are the codes under PurposeOfUse in CodeSystem v3-ActReason (R4),
// of which the value set v3-PurposeOfUse consists. Written out, because a
// misspelt floor would close nothing.
var purposes = strings.Fields(`
	HMARKT HOPERAT CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP
	HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV HTEST TRAIN HPAYMT
	CLMATTCH COVAUTH COVERAGE ELIGDTRM ELIGVER ENROLLM MILDCRG REMITADV HRESCH BIORCH CLINTRCH CLINTRCHNPC
	CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER THREAT TREAT
	CLINTRL COC ETREAT BTG ERTREAT POPHLTH`)

// resourceScope is the shape of a scope of SMART App Launch 2.2, v1 or v2; the
// authorization server judges the rest of it.
var resourceScope = regexp.MustCompile(`^(patient|user|system)/([A-Z][A-Za-z]*|\*)\.(read|write|\*|[cruds]+)(\?[^ ]+)?$`)

var ordered = regexp.MustCompile(`^c?r?u?d?s?$`)

var otherScopes = []string{"openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "offline_access", "online_access"}

var clientID = regexp.MustCompile(`^[A-Za-z0-9._~:/-]{1,255}$`)

func (c *checker) clients() {
	seen := map[string]bool{}
	for i, client := range c.Clients {
		at := fmt.Sprintf("clients[%d].", i)
		c.unique(seen, at+"id", client.ID, clientID)
		if client.Organization != "" {
			c.custodian(at+"organization", client.Organization)
		}
		levels := c.scopes(at+"scopes", client.Scopes)
		if client.Organization == "" && (levels["user"] || levels["system"]) {
			c.fail(at+"organization", "is required for scopes of the user and system levels")
		}
		if len(client.JWKS) > 0 {
			c.keys(at+"jwks", client.JWKS)
		} else if levels["system"] && client.JWKSFile == "" {
			c.fail(at+"jwks", "is required for scopes of the system level")
		}
		if client.ChooseIDs && (!levels["system"] || levels["user"] || levels["patient"]) {
			c.fail(at+"choose_ids", "is for clients with system scopes alone")
		}
	}
}

// scopes checks the shape of each and returns the levels they are of.
func (c *checker) scopes(setting string, scopes []string) map[string]bool {
	levels := map[string]bool{}
	if len(scopes) == 0 {
		c.fail(setting, "is required: a client without scopes can do nothing")
	}
	for i, scope := range scopes {
		at := fmt.Sprintf("%s[%d]", setting, i)
		m := resourceScope.FindStringSubmatch(scope)
		switch {
		case m == nil && !slices.Contains(otherScopes, scope):
			c.fail(at, "%q is not a SMART scope", scope)
		case m != nil && strings.Trim(m[3], "cruds") == "" && !ordered.MatchString(m[3]):
			c.fail(at, "%q: permissions are a part of cruds, in that order", scope)
		case m != nil:
			levels[m[1]] = true
		}
	}
	return levels
}

// keys checks that a JWKS holds public keys that can be told apart.
func (c *checker) keys(setting string, jwks []byte) {
	if _, fromFile := c.at[setting+"_file"]; fromFile {
		setting += "_file"
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil || len(set.Keys) == 0 {
		c.fail(setting, "not a JWK set with at least one key")
		return
	}
	seen := map[string]bool{}
	for i, key := range set.Keys {
		kid, _ := key["kid"].(string)
		kty, _ := key["kty"].(string)
		switch {
		case kid == "" || seen[kid]:
			c.fail(setting, "key %d: a kid of its own is required", i)
		case kty != "RSA" && kty != "EC":
			c.fail(setting, "key %d: kty must be RSA or EC, for RS384 and ES384", i)
		case key["d"] != nil:
			c.fail(setting, "key %d: this is a private key; register its public half and replace it", i)
		}
		seen[kid] = true
	}
}
