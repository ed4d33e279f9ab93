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
	case "_include":
		return (*parser).include
	case "_revinclude":
		return (*parser).revinclude
	}
	return nil
}

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
	switch raw {
	case "count":
		p.query.Summary = SummaryCount
		return nil
	case "false":
		return nil
	case "true", "text", "data":
		return unsupported("_summary=%s", raw)
	}
	return invalid("_summary is count or false")
}

// sort reads [-]code,… . References have no order worth the name.
func (p *parser) sort(raw string) *problem {
	if bad := p.single("_sort"); bad != nil {
		return bad
	}
	for _, key := range strings.Split(raw, ",") {
		code, desc := strings.CutPrefix(key, "-")
		param, ok := lookup(p.sortType(), code)
		switch {
		case !ok:
			return invalid("%s is not a parameter to sort by", quote(code))
		case !param.Searchable() || param.Type == conformance.ReferenceParam:
			return unsupported("sorting by the %s parameter %s", param.Type, code)
		case slices.ContainsFunc(p.query.Sort, func(s Sort) bool { return s.Param == param }):
			return invalid("%s is given twice", code)
		}
		p.query.Sort = append(p.query.Sort, Sort{param, desc})
	}
	return nil
}

// sortType is the type whose parameters order the result; several types have
// only _lastUpdated in common.
func (p *parser) sortType() string {
	if p.query.Type == "" && len(p.among) == 1 {
		return p.among[0]
	}
	return p.query.Type
}

func (p *parser) include(raw string) *problem {
	inc, bad := includePath(raw)
	if bad != nil {
		return bad
	}
	if !p.searches(inc.Source) {
		return invalid("%s is not among what is searched", inc.Source)
	}
	p.query.Includes = appendOnce(p.query.Includes, inc)
	return nil
}

func (p *parser) revinclude(raw string) *problem {
	inc, bad := includePath(raw)
	if bad != nil {
		return bad
	}
	if !slices.ContainsFunc(inc.Param.Targets, p.searches) || inc.Target != "" && !p.searches(inc.Target) {
		return invalid("%s does not point at what is searched", quote(raw))
	}
	p.query.RevIncl = appendOnce(p.query.RevIncl, inc)
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

func appendOnce(list []Include, inc Include) []Include {
	if slices.Contains(list, inc) {
		return list
	}
	return append(list, inc)
}

// includePath reads Source:parameter[:Target] (R4 search.html#include).
func includePath(raw string) (Include, *problem) {
	parts := strings.Split(raw, ":")
	if slices.Contains(parts, "*") {
		return Include{}, unsupported("a wildcard")
	}
	if len(parts) != 2 && len(parts) != 3 {
		return Include{}, invalid("%s is not Source:parameter or Source:parameter:Target", quote(raw))
	}
	if !conformance.IsType(parts[0]) {
		return Include{}, invalid("%s is not a resource type", quote(parts[0]))
	}
	param, ok := conformance.Lookup(parts[0], parts[1])
	if !ok || param.Type != conformance.ReferenceParam {
		return Include{}, invalid("%s has no reference parameter %s", parts[0], quote(parts[1]))
	}
	inc := Include{Source: parts[0], Param: param}
	if len(parts) == 3 {
		inc.Target = parts[2]
		if !slices.Contains(param.Targets, inc.Target) {
			return Include{}, invalid("%s:%s cannot point at %s", parts[0], parts[1], quote(inc.Target))
		}
	}
	return inc, nil
}
