package index

import (
	"sluis/fhir"
	"sluis/fhir/path"
)

// contactSystems are the codes of ContactPoint.system. A token search on a
// ContactPoint has no system (R4 search.html#token), and JSON tells it from an
// Identifier, whose system is an absolute URI, by nothing else.
var contactSystems = map[string]bool{
	"": true, "phone": true, "fax": true, "email": true, "pager": true, "url": true, "sms": true, "other": true,
}

// token indexes what R4 search.html#token lists: primitives as a code without a
// system, CodeableConcept by each coding, Coding, Identifier and ContactPoint.
// A concept with text alone becomes a Token without a code, so that :missing
// knows it is there.
func (x *extraction) token(param int32, v path.Value) bool {
	n := v.Node
	switch {
	case n.Kind() != fhir.Object:
		x.addToken(Token{Param: param, Code: v.Text()})
	case n.Get("coding").Kind() == fhir.Array:
		for c := range n.Get("coding").All() {
			x.coding(param, c)
		}
	case n.Get("value").Kind() == fhir.String:
		system := n.Get("system").Text()
		if contactSystems[system] {
			system = ""
		}
		x.addToken(Token{Param: param, System: system, Code: n.Get("value").Text()})
	default:
		x.coding(param, n)
	}
	return true
}

func (x *extraction) coding(param int32, n fhir.Node) {
	x.addToken(Token{
		Param:  param,
		System: n.Get("system").Text(),
		Code:   n.Get("code").Text(),
	})
}

func (x *extraction) addToken(t Token) {
	if t != (Token{Param: t.Param}) {
		x.entries.Tokens = append(x.entries.Tokens, t)
	}
}
