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
	case v.Type != "" && v.Type != "CodeableConcept" && v.Type != "Coding" && v.Type != "Identifier":
		// A choice without a code, such as Group.characteristic.valueRange.
	case n.Get("coding").Kind() == fhir.Array:
		for c := range n.Get("coding").All() {
			x.coding(param, c)
		}
		x.addText(n.Get("text"))
	case n.Get("value").Kind() == fhir.String:
		x.identifier(param, n)
	default:
		x.coding(param, n)
		x.textAlone(param, n)
	}
	return true
}

// identifier indexes an Identifier or ContactPoint; the former besides by its
// type (R4 search.html#modifiers, :ofType and :text).
func (x *extraction) identifier(param int32, n fhir.Node) {
	system, value := x.textOf(n.Get("system")).exact, n.Get("value").Text()
	if contactSystems[system] {
		system = ""
	}
	x.addToken(Token{Param: param, System: system, Code: value})
	kind := n.Get("type")
	x.addText(kind.Get("text"))
	for c := range kind.Get("coding").All() {
		if code := c.Get("code").Text(); code != "" && x.typeKey != 0 && x.element == 0 {
			x.entries.Tokens = append(x.entries.Tokens, Token{Param: x.typeKey, System: c.Get("system").Text(), Code: TypedIdentifier(code, value)})
		}
	}
}

// TypedIdentifier is the code of the Token of an identifier under its type.
func TypedIdentifier(kind, value string) string { return kind + "|" + value }

// textAlone keeps a concept without codings as a Token of nothing.
func (x *extraction) textAlone(param int32, n fhir.Node) {
	if !n.Get("text").IsZero() && n.Get("code").IsZero() {
		x.entries.Tokens = append(x.entries.Tokens, Token{Param: param, Element: x.element})
	}
	x.addText(n.Get("text"))
}

// addText adds what people call a code.
func (x *extraction) addText(n fhir.Node) {
	if x.textKey == 0 || x.element != 0 {
		return
	}
	if t := x.textOf(n); t.exact != "" {
		x.entries.Strings = append(x.entries.Strings, String{Param: x.textKey, Folded: t.fold(), Exact: t.exact})
	}
}

func (x *extraction) coding(param int32, n fhir.Node) {
	x.addToken(Token{
		Param:  param,
		System: x.textOf(n.Get("system")).exact,
		Code:   x.textOf(n.Get("code")).exact,
	})
	x.addText(n.Get("display"))
}

func (x *extraction) addToken(t Token) {
	if t != (Token{Param: t.Param}) {
		t.Element = x.element
		x.entries.Tokens = append(x.entries.Tokens, t)
	}
}
