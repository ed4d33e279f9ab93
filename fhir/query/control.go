package query

import (
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
)

// control is what reads a parameter that shapes the result (R4
// search.html#return), or nil.
func control(name string) func(*parser, string) *problem {
	switch name {
	case "_sort":
		return (*parser).sort
	case "_count":
		return (*parser).count
	case "_total":
		return (*parser).total
	case "_summary":
		return (*parser).summary
	case "_elements":
		return (*parser).elements
	case "_contained":
		return (*parser).contained
	case "_include", "_include:iterate":
		return func(p *parser, raw string) *problem { return p.include(raw, name != "_include") }
	case "_revinclude", "_revinclude:iterate":
		return func(p *parser, raw string) *problem { return p.revinclude(raw, name != "_revinclude") }
	}
	return nil
}

// shaping are the parameters that control reads: none can stand in a chain.
var shaping = []string{"_sort", "_count", "_total", "_summary", "_elements", "_contained", "_include", "_revinclude", "_type", "_format", "_pretty"}

// single refuses a parameter that may be given once and was given before.
func (p *parser) single(name string) *problem {
	if p.once[name] {
		return invalid("given twice")
	}
	p.once[name] = true
	return nil
}

func (p *parser) count(raw string) *problem {
	if bad := p.single("_count"); bad != nil {
		return bad
	}
	n, err := strconv.ParseUint(raw, 10, 31)
	if err != nil {
		return invalid("%s is not a count", quote(raw))
	}
	if n == 0 { // R4: the same as _summary=count
		p.query.Summary = SummaryCount
	}
	p.query.Count = min(int(n), MaxCount)
	return nil
}

func (p *parser) total(raw string) *problem {
	if bad := p.single("_total"); bad != nil {
		return bad
	}
	switch t := Total(raw); t {
	case TotalNone, TotalEstimate, TotalAccurate:
		p.query.Total = t
		return nil
	}
	return invalid("_total is none, estimate or accurate")
}

func (p *parser) summary(raw string) *problem {
	if bad := p.single("_summary"); bad != nil {
		return bad
	}
	switch s := Summary(raw); s {
	case SummaryTrue, SummaryText, SummaryData, SummaryCount:
		if p.query.Summary != SummaryCount { // of _count=0
			p.query.Summary = s
		}
		return nil
	case "false":
		return nil
	}
	return invalid("_summary is true, text, data, count or false")
}

// consistent refuses what R4 rules out together (search.html#summary): included
// resources beside narratives alone.
func (p *parser) consistent() *problem {
	if p.query.Summary == SummaryText && len(p.query.Includes)+len(p.query.RevIncl) > 0 {
		return invalid("_summary=text goes with no _include or _revinclude")
	}
	return nil
}

// elements reads _elements: names of top-level elements (R4
// search.html#elements).
func (p *parser) elements(raw string) *problem {
	if bad := p.single("_elements"); bad != nil {
		return bad
	}
	names := strings.Split(raw, ",")
	if len(names) > MaxParams {
		return tooCostly("too many elements")
	}
	for _, name := range names {
		if !isElement(name) {
			return invalid("%s is not the name of an element", quote(name))
		}
	}
	slices.Sort(names)
	p.query.Elements = slices.Compact(names)
	return nil
}

// isElement: a small letter, then letters and digits.
func isElement(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' && (i > 0 || c >= 'a')
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// contained reads _contained: resources stand for themselves here, and what they
// contain is never a match of its own (R4 search.html#contained, the default).
func (p *parser) contained(raw string) *problem {
	if raw == "false" {
		return p.single("_contained")
	}
	return unsupported("_contained=%s", clip(raw))
}

// sort reads [-]code,… .
func (p *parser) sort(raw string) *problem {
	if bad := p.single("_sort"); bad != nil {
		return bad
	}
	for _, key := range strings.Split(raw, ",") {
		code, desc := strings.CutPrefix(key, "-")
		param, ok := p.lookup(p.sortType(), code)
		switch {
		case !ok:
			return invalid("%s is not a parameter to sort by", quote(code))
		case !sortable(param):
			return unsupported("sorting by the %s parameter %s", param.Type, code)
		case slices.ContainsFunc(p.query.Sort, func(s Sort) bool { return s.Param == param }):
			return invalid("%s is given twice", code)
		case len(p.query.Sort) == maxSort:
			return tooCostly("too many keys")
		}
		p.query.Sort = append(p.query.Sort, Sort{param, desc})
	}
	return nil
}

// Limits of what shapes a result.
const (
	maxSort     = 8
	maxIncludes = 32
)

// sortable leaves out what has no one value to compare.
func sortable(p *conformance.Parameter) bool {
	return p.Searchable() && p.Expression != "" && p.Type != conformance.CompositeParam && p.Type != conformance.SpecialParam
}

// sortType is the type whose parameters order the result; several types have
// only those of every resource in common.
func (p *parser) sortType() string {
	if p.query.Type == "" && len(p.among) == 1 {
		return p.among[0]
	}
	return p.query.Type
}

func (p *parser) include(raw string, iterate bool) *problem {
	inc, bad := p.includePath(raw, iterate)
	if bad != nil {
		return bad
	}
	if !iterate && inc.Source != "" && !p.searches(inc.Source) {
		return invalid("%s is not among what is searched", inc.Source)
	}
	return p.addInclude(&p.query.Includes, inc)
}

func (p *parser) revinclude(raw string, iterate bool) *problem {
	inc, bad := p.includePath(raw, iterate)
	if bad != nil {
		return bad
	}
	targets := conformance.Types()
	if inc.Param != nil {
		targets = inc.Param.Targets
	}
	if !iterate && (!slices.ContainsFunc(targets, p.searches) || inc.Target != "" && !p.searches(inc.Target)) {
		return invalid("%s does not point at what is searched", quote(raw))
	}
	return p.addInclude(&p.query.RevIncl, inc)
}

func (p *parser) addInclude(list *[]Include, inc Include) *problem {
	switch {
	case slices.Contains(*list, inc):
	case len(*list) == maxIncludes:
		return tooCostly("too many includes")
	default:
		*list = append(*list, inc)
	}
	return nil
}

func (p *parser) searches(resourceType string) bool {
	switch {
	case p.query.Type != "":
		return resourceType == p.query.Type
	case p.among != nil:
		return slices.Contains(p.among, resourceType)
	}
	return true
}

// includePath reads *, Source:* or Source:parameter, the latter two with an
// optional :Target (R4 search.html#include).
func (l Language) includePath(raw string, iterate bool) (Include, *problem) {
	inc := Include{Iterate: iterate}
	if raw == "*" {
		return inc, nil
	}
	parts := strings.Split(raw, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return Include{}, invalid("%s is not Source:parameter or Source:parameter:Target", quote(raw))
	}
	if inc.Source = parts[0]; !conformance.IsType(inc.Source) {
		return Include{}, invalid("%s is not a resource type", quote(parts[0]))
	}
	targets := conformance.Types()
	if parts[1] != "*" {
		param, ok := l.definitions().Lookup(parts[0], parts[1])
		if !ok || param.Type != conformance.ReferenceParam {
			return Include{}, invalid("%s has no reference parameter %s", parts[0], quote(parts[1]))
		}
		inc.Param, targets = param, param.Targets
	}
	if len(parts) == 3 {
		if inc.Target = parts[2]; !slices.Contains(targets, inc.Target) {
			return Include{}, invalid("%s:%s cannot point at %s", parts[0], parts[1], quote(inc.Target))
		}
	}
	return inc, nil
}
