package query

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// maxChainTargets bounds the types an untyped chain may branch into.
const maxChainTargets = 16

// refused are the parameters of R4 that name a filter this server does not
// have; they are never ignored, not even leniently.
var refused = []string{"_has", "_filter", "_list", "_text", "_content", "_query", "_contained", "_containedType", "_score"}

// criterion reads one parameter that says what to match.
func criterion(resourceType, name, raw string) (Expr, *problem) {
	head, rest, chained := strings.Cut(name, ".")
	if code, _, _ := strings.Cut(head, ":"); slices.Contains(refused, code) {
		return nil, unsupported("%s", code)
	}
	if chained {
		return chain(resourceType, head, rest, raw)
	}
	return comparison(resourceType, head, raw)
}

// comparison reads code[:modifier]=values.
func comparison(resourceType, name, raw string) (Expr, *problem) {
	code, modifier, modified := strings.Cut(name, ":")
	if modified && modifier == "" {
		return nil, invalid("an empty modifier")
	}
	if slices.Contains(refused, code) {
		return nil, unsupported("%s", code)
	}
	if code == "_id" {
		return identity(modifier, raw)
	}
	p, ok := lookup(resourceType, code)
	switch {
	case !ok:
		return nil, unknownParameter(resourceType, code)
	case !p.Searchable():
		return nil, unsupported("a %s parameter such as %s", p.Type, code)
	case raw == "":
		return nil, invalid("an empty value")
	case index.IsColumn(code) && modified:
		return nil, unsupported("the modifier :%s of %s", clip(modifier), code)
	}
	return modify(p, modifier, raw)
}

// lastUpdated is the parameter of a search over all types; like that of each
// type it is answered from a column.
var lastUpdated = &conformance.Parameter{
	Base: "Resource", Code: "_lastUpdated", URL: "http://hl7.org/fhir/SearchParameter/Resource-lastUpdated",
	Type: conformance.DateParam, Expression: "Resource.meta.lastUpdated",
	Key: conformance.ParameterKey("Resource", "_lastUpdated"),
}

func lookup(resourceType, code string) (*conformance.Parameter, bool) {
	if resourceType == "" && code == lastUpdated.Code {
		return lastUpdated, true
	}
	return conformance.Lookup(resourceType, code)
}

func clip(s string) string { return strings.Trim(quote(s), `"`) }

// modify reads the values as the modifier has it (R4 search.html#modifiers).
func modify(p *conformance.Parameter, modifier, raw string) (Expr, *problem) {
	switch {
	case modifier == "":
		return compare(p, NoModifier, "", raw)
	case modifier == "missing":
		return missing(p, raw)
	case modifier == "not" && p.Type == conformance.TokenParam:
		x, bad := compare(p, NoModifier, "", raw)
		return negate(x, bad)
	case (modifier == "exact" || modifier == "contains") && p.Type == conformance.StringParam:
		return compare(p, Modifier(modifier), "", raw)
	case modifier == "identifier" && p.Type == conformance.ReferenceParam:
		return compare(p, IdentifierOf, "", raw)
	case p.Type == conformance.ReferenceParam && conformance.IsType(modifier):
		if !slices.Contains(p.Targets, modifier) {
			return nil, invalid("%s cannot point at %s", p.Code, modifier)
		}
		return compare(p, NoModifier, modifier, raw)
	}
	return nil, unsupported("the modifier :%s on a %s parameter", clip(modifier), p.Type)
}

func compare(p *conformance.Parameter, m Modifier, target, raw string) (Expr, *problem) {
	vs, bad := values(p, m, target, raw)
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
		return nil, &problem{code: "too-costly", text: "too many values"}
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

// chain reads code[:Type].code[:modifier]=values (R4 search.html#chaining), one
// hop: the target's parameter may be any that a search of the target may have.
// Without a type it branches to every target that has the parameter.
func chain(resourceType, head, rest, raw string) (Expr, *problem) {
	if strings.Contains(rest, ".") {
		return nil, unsupported("a chain of more than one hop")
	}
	code, target, typed := strings.Cut(head, ":")
	p, ok := lookup(resourceType, code)
	switch {
	case !ok:
		return nil, unknownParameter(resourceType, code)
	case p.Type != conformance.ReferenceParam || !p.Searchable():
		return nil, invalid("%s is not a reference, so nothing can follow it", code)
	case typed && !slices.Contains(p.Targets, target):
		return nil, invalid("%s cannot point at %s", code, quote(target))
	case typed:
		return hop(p, []string{target}, rest, raw)
	}
	return hop(p, p.Targets, rest, raw)
}

func hop(p *conformance.Parameter, targets []string, rest, raw string) (Expr, *problem) {
	var branches []Expr
	code, _, _ := strings.Cut(rest, ":")
	for _, t := range targets {
		x, bad := comparison(t, rest, raw)
		switch {
		case bad != nil && bad.unknown:
			continue
		case bad != nil:
			return nil, bad
		case len(branches) == maxChainTargets:
			return nil, &problem{code: "too-costly", text: "name the type, as in " + p.Code + ":" + t + "." + clip(code)}
		}
		branches = append(branches, Chain{Param: p, Target: t, X: x})
	}
	if len(branches) == 0 {
		return nil, unknownParameter(strings.Join(targets[:min(len(targets), 3)], ", "), code)
	}
	return Or(branches...), nil
}
