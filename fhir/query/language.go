package query

import (
	"sluis/conformance"

	"sluis/fhir/index"
)

// Language is what a server understands: its search parameters, and the URL
// under which a reference names a resource of its own. The zero Language is that
// of R4, of a server that is reached nowhere.
type Language struct {
	Definitions *conformance.Definitions // nil: R4's own
	Base        index.Base
}

func (l Language) definitions() *conformance.Definitions {
	if l.Definitions == nil {
		return conformance.R4()
	}
	return l.Definitions
}

// lookup finds a parameter of a type or, with type "", one that every resource
// has: its Base is Resource, and its entries are those of each type's own.
func (l Language) lookup(resourceType, code string) (*conformance.Parameter, bool) {
	if resourceType != "" {
		return l.definitions().Lookup(resourceType, code)
	}
	p, ok := common[code]
	return p, ok
}

// common are the parameters of every resource (R4 search.html#all).
var common = map[string]*conformance.Parameter{
	"_id":          ofResource("_id", conformance.TokenParam, "Resource.id"),
	"_lastUpdated": ofResource("_lastUpdated", conformance.DateParam, "Resource.meta.lastUpdated"),
	"_tag":         ofResource("_tag", conformance.TokenParam, "Resource.meta.tag"),
	"_security":    ofResource("_security", conformance.TokenParam, "Resource.meta.security"),
	"_profile":     ofResource("_profile", conformance.URIParam, "Resource.meta.profile"),
	"_source":      ofResource("_source", conformance.URIParam, "Resource.meta.source"),
	"_text":        ofResource(conformance.TextCode, conformance.StringParam, ""),
	"_content":     ofResource(conformance.ContentCode, conformance.StringParam, ""),
}

func ofResource(code string, kind conformance.ParamType, expression string) *conformance.Parameter {
	return &conformance.Parameter{
		Base: "Resource", Code: code, URL: "http://hl7.org/fhir/SearchParameter/Resource-" + code[1:], Type: kind,
		Expression: expression, Key: conformance.ParameterKey("Resource", code),
	}
}

// keyIn is the name that a parameter has in the index of a type.
func keyIn(p *conformance.Parameter, resourceType string) int32 {
	if p.Base == "Resource" {
		return conformance.ParameterKey(resourceType, p.Code)
	}
	return p.Key
}

// reader reads the criteria of one parameter. It counts what an untyped chain
// branches into, hop by hop.
type reader struct {
	Language
	tried int
}

// Limits of one parameter.
const (
	maxHops         = 6     // chains and reverse chains, one after the other
	maxChainTargets = 16    // types that an untyped hop may branch into
	maxTried        = 2_000 // types looked at for all hops together
)

// criterion reads one parameter that says what to match.
func (r *reader) criterion(resourceType, name, raw string, hops int) (Expr, *problem) {
	if hops > maxHops {
		return nil, tooCostly("too many hops")
	}
	if rest, ok := cutHas(name); ok {
		return r.has(resourceType, rest, raw, hops)
	}
	head, rest, chained := cutHop(name)
	if chained {
		return r.chain(resourceType, head, rest, raw, hops)
	}
	return r.comparison(resourceType, head, raw)
}
