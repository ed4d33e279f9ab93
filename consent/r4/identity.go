package r4

import (
	"slices"

	"sluis/fhir"
)

// BSN is the NamingSystem of the Dutch citizen service number, and oidBSN its
// other name.
const (
	BSN    = "http://fhir.nl/fhir/NamingSystem/bsn"
	oidBSN = "urn:oid:2.16.840.1.113883.2.4.6.3"
)

// identities are the numbers of a Patient that stand: not old or temporary, and
// without an end. A BSN counts only when it passes the 11-test.
func identities(root fhir.Node) []Identity {
	var out []Identity
	for n := range root.Get("identifier").All() {
		id := Identity{n.Get("system").Text(), n.Get("value").Text()}
		if id.System == oidBSN {
			id.System = BSN
		}
		if stands(n) && id.System != "" && id.Value != "" && (id.System != BSN || ValidBSN(id.Value)) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func stands(identifier fhir.Node) bool {
	use := identifier.Get("use").Text()
	period := identifier.Get("period")
	return use != "old" && use != "temp" && period.Get("end").IsZero() && period.Get("_end").IsZero()
}

// ValidBSN is the 11-test: nine digits whose sum, weighted 9 to 2 and -1, is
// a multiple of eleven and not zero.
func ValidBSN(s string) bool {
	if len(s) != 9 {
		return false
	}
	sum := 0
	for i := range 9 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		weight := 9 - i
		if i == 8 {
			weight = -1
		}
		sum += weight * int(s[i]-'0')
	}
	return sum != 0 && sum%11 == 0
}
