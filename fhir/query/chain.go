package query

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// cutHop separates the first hop of a chain, code[:Type], from what follows it.
func cutHop(name string) (head, rest string, chained bool) { return strings.Cut(name, ".") }

// chain reads code[:Type].rest=values (R4 search.html#chaining), where rest is
// whatever a search of the target may have. Without a type it branches to every
// target that has it.
func (r *reader) chain(resourceType, head, rest, raw string, hops int) (Expr, *problem) {
	code, target, typed := strings.Cut(head, ":")
	p, ok := r.lookup(resourceType, code)
	switch {
	case !ok:
		return nil, unknownParameter(resourceType, code)
	case p.Type != conformance.ReferenceParam || !p.Searchable():
		return nil, invalid("%s is not a reference, so nothing can follow it", code)
	case typed && !slices.Contains(p.Targets, target):
		return nil, invalid("%s cannot point at %s", code, quote(target))
	}
	targets := p.Targets
	if typed {
		targets = []string{target}
	}
	return r.branch(p, targets, firstCode(rest), func(t string) (Expr, *problem) { return r.criterion(t, rest, raw, hops+1) })
}

// branch makes a Chain to each type for which read understands what follows.
func (r *reader) branch(p *conformance.Parameter, targets []string, code string, read func(target string) (Expr, *problem)) (Expr, *problem) {
	var branches []Expr
	for _, t := range targets {
		if r.tried++; r.tried > maxTried {
			return nil, tooCostly("name the types along the chain")
		}
		x, bad := read(t)
		switch {
		case bad != nil && bad.unknown && len(targets) > 1:
			continue
		case bad != nil:
			return nil, bad
		case len(branches) == maxChainTargets:
			return nil, tooCostly("name the type, as in " + p.Code + ":" + t + "." + clip(code))
		}
		branches = append(branches, Chain{Param: p, Target: t, X: x})
	}
	if len(branches) == 0 {
		return nil, unknownParameter(strings.Join(targets[:min(len(targets), 3)], ", "), code)
	}
	return Or(branches...), nil
}

// firstCode is the parameter that comes first in a name.
func firstCode(name string) string {
	head, _, _ := cutHop(name)
	code, _, _ := strings.Cut(head, ":")
	return code
}

const hasPrefix = "_has:"

func cutHas(name string) (rest string, ok bool) { return strings.CutPrefix(name, hasPrefix) }

// has reads Source:parameter:rest=values after _has: (R4 search.html#has), where
// rest is whatever a search of the source may have, another _has among it.
func (r *reader) has(resourceType, rest, raw string, hops int) (Expr, *problem) {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 || parts[2] == "" {
		return nil, invalid("_has is _has:Type:reference:parameter")
	}
	source, code := parts[0], parts[1]
	if !conformance.IsType(source) {
		return nil, invalid("%s is not a resource type", quote(source))
	}
	p, ok := r.lookup(source, code)
	switch {
	case !ok || p.Type != conformance.ReferenceParam:
		return nil, invalid("%s has no reference parameter %s", source, quote(code))
	case resourceType != "" && !slices.Contains(p.Targets, resourceType):
		return nil, invalid("%s:%s cannot point at %s", source, code, resourceType)
	}
	x, bad := r.criterion(source, parts[2], raw, hops+1)
	if bad != nil {
		bad.unknown = false // an unknown name within is a filter that would be lost
		return nil, bad
	}
	return Has{Source: source, Param: p, X: x}, nil
}

// list reads _list=id (R4 search.html#list): what an item of that List refers
// to.
func (r *reader) list(resourceType, raw string) (Expr, *problem) {
	if strings.HasPrefix(raw, "$") {
		return nil, unsupported("a functional list such as %s", quote(raw))
	}
	x, bad := identity("", raw)
	if bad != nil {
		return nil, bad
	}
	item, _ := r.lookup("List", "item")
	if resourceType != "" && !slices.Contains(item.Targets, resourceType) {
		return nil, invalid("a List cannot hold a %s", resourceType)
	}
	return Has{Source: "List", Param: item, X: x}, nil
}
