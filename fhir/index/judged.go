package index

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"sluis/conformance"
)

// Judged is a fingerprint, in hex, of all that an access decision can turn on:
// the type, the subjects, the codes a consent rule may name
// (conformance.CodedCode), the security labels in the body and the profiles.
// Two versions of a resource with the same fingerprint are judged alike, save
// for labels added beside the body; storage may therefore show an older version
// by the decision about the current one only when the fingerprints are equal.
func (e Entries) Judged() string {
	what := struct {
		Type          string
		Patient       bool
		Subjects      []string
		Codes, Labels [][2]string
		Profiles      []string
	}{
		Type: e.Type, Patient: e.IsPatient,
		Codes: e.codings(conformance.CodedCode), Labels: e.codings("_security"),
	}
	for _, s := range e.Subjects {
		what.Subjects = append(what.Subjects, s.Latest().String())
	}
	for _, u := range e.URIs {
		if u.Param == conformance.ParameterKey(e.Type, "_profile") {
			what.Profiles = append(what.Profiles, u.Value)
		}
	}
	slices.Sort(what.Subjects)
	slices.Sort(what.Profiles)
	// Marshal cannot fail on strings; JSON keeps the fields apart.
	text, _ := json.Marshal(what)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// codings are the systems and codes of one token parameter, sorted, each once.
func (e Entries) codings(code string) [][2]string {
	var out [][2]string
	key := conformance.ParameterKey(e.Type, code)
	for _, t := range e.Tokens {
		if t.Param == key {
			out = append(out, [2]string{t.System, t.Code})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}
