package query

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// refused are the parameters of R4 that this server does not have; they are
// never ignored, not even leniently.
var refused = []string{"_query", "_containedType", "_score"}

// comparison reads code[:modifier]=values.
func (r *reader) comparison(resourceType, name, raw string) (Expr, *problem) {
	code, modifier, modified := strings.Cut(name, ":")
	switch {
	case modified && modifier == "":
		return nil, invalid("an empty modifier")
	case slices.Contains(refused, code) || slices.Contains(shaping, code):
		return nil, unsupported("%s", code)
	case code == "_id":
		return identity(modifier, raw)
	case code == "_has":
		return nil, invalid("_has is _has:Type:reference:parameter")
	}
	if read := r.special(code); read != nil {
		if modified {
			return nil, unsupported("the modifier :%s of %s", clip(modifier), code)
		}
		return read(resourceType, raw)
	}
	p, ok := r.lookup(resourceType, code)
	switch {
	case !ok:
		return nil, unknownParameter(resourceType, code)
	case !p.Searchable():
		return nil, unsupported("a %s parameter such as %s", p.Type, code)
	case raw == "":
		return nil, invalid("an empty value")
	case modified && (index.IsColumn(code) || p.Expression == ""):
		return nil, unsupported("the modifier :%s of %s", clip(modifier), code)
	case p.Expression == "":
		return words(code == conformance.ContentCode, raw)
	}
	return r.modify(p, modifier, raw)
}

// special is what reads a parameter that no SearchParameter defines, or nil.
func (r *reader) special(code string) func(resourceType, raw string) (Expr, *problem) {
	switch code {
	case "_filter":
		return r.filter
	case "_list":
		return r.list
	}
	return nil
}

func clip(s string) string { return strings.Trim(quote(s), `"`) }

// modify reads the values as the modifier has it (R4 search.html#modifiers).
func (l Language) modify(p *conformance.Parameter, modifier, raw string) (Expr, *problem) {
	switch {
	case modifier == "missing" && (p.Type == conformance.CompositeParam || p.Type == conformance.SpecialParam):
		// R4: of all parameters but combinations.
	case modifier == "missing":
		return missing(p, raw)
	case modifier == "" && p.Type == conformance.CompositeParam:
		return l.composite(p, raw)
	case modifier == "" && p.Type == conformance.SpecialParam:
		return near(p, raw)
	case modifier == "":
		return l.compare(p, NoModifier, "", raw)
	case p.Type == conformance.ReferenceParam && conformance.IsType(modifier):
		if !slices.Contains(p.Targets, modifier) {
			return nil, invalid("%s cannot point at %s", p.Code, modifier)
		}
		return l.compare(p, NoModifier, modifier, raw)
	}
	if m, negative, ok := modifierOf(p, modifier); ok {
		if m == OfType && !p.Selects("Identifier") {
			return nil, invalid(":%s compares identifiers, and %s has none", modifier, p.Code)
		}
		x, bad := l.compare(p, m, "", raw)
		if bad != nil || !negative {
			return x, bad
		}
		return negate(x, nil)
	}
	return nil, unsupported("the modifier :%s on a %s parameter", clip(modifier), p.Type)
}

// modifierOf is what a modifier means to the type of a parameter; some are the
// negation of another. :of-type is R4's text, :ofType its code.
func modifierOf(p *conformance.Parameter, modifier string) (m Modifier, negative, ok bool) {
	switch p.Type {
	case conformance.TokenParam:
		switch modifier {
		case "not":
			return NoModifier, true, true
		case "not-in":
			return In, true, true
		case "in", "above", "below":
			return Modifier(modifier), false, true
		case "text", "of-type":
			return Modifier(modifier), false, p.Base != "Resource"
		case "ofType":
			return OfType, false, p.Base != "Resource"
		}
	case conformance.StringParam:
		return Modifier(modifier), false, modifier == "exact" || modifier == "contains"
	case conformance.URIParam:
		return Modifier(modifier), false, modifier == "above" || modifier == "below"
	case conformance.ReferenceParam:
		return IdentifierOf, false, modifier == "identifier"
	}
	return NoModifier, false, false
}

func (l Language) compare(p *conformance.Parameter, m Modifier, target, raw string) (Expr, *problem) {
	vs, bad := l.values(p, m, target, raw)
	if bad != nil {
		return nil, bad
	}
	return Compare{Param: p, Modifier: m, Values: vs}, nil
}

func missing(p *conformance.Parameter, raw string) (Expr, *problem) {
	switch raw {
	case "true":
		return Missing{p}, nil
	case "false":
		return negate(Missing{p}, nil)
	}
	return nil, invalid(":missing is true or false")
}

func negate(x Expr, bad *problem) (Expr, *problem) {
	if bad != nil {
		return nil, bad
	}
	n, err := Not(x)
	if err != nil {
		return nil, invalid("nothing to negate")
	}
	return n, nil
}

// identity reads _id, which is a column. An id that no resource can have is an
// error, as is a system before it.
func identity(modifier, raw string) (Expr, *problem) {
	if modifier != "" && modifier != "not" {
		return nil, unsupported("the modifier :%s of _id", clip(modifier))
	}
	ids := strings.Split(raw, ",")
	if len(ids) > MaxValues {
		return nil, tooCostly("too many values")
	}
	for _, id := range ids {
		if !fhir.IsID(id) {
			return nil, invalid("%s is not an id", quote(id))
		}
	}
	if modifier == "not" {
		return negate(IDIs{ids}, nil)
	}
	return IDIs{ids}, nil
}
