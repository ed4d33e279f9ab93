package query

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluis/conformance"
	"sluis/fhir"
)

// Limits of a query. Beyond them a search is refused, never cut short.
const (
	MaxParams = 64    // parameters
	MaxValues = 500   // comma-separated values of one parameter
	MaxLength = 32768 // bytes of one parameter, decoded
	MaxCount  = 1000  // page size; a larger _count means this one (R4 search.html#count)
)

// surface are the parameters that concern the form of the answer; fhir/rest
// reads them.
var surface = []string{"_format", "_pretty"}

// IsSurface reports whether Parse passes a parameter over because it says how
// to write the answer and not what is in it: _format and _pretty.
func IsSurface(name string) bool { return slices.Contains(surface, name) }

// Parse reads the parameters of a search of one type, or of all with
// resourceType "" (then _type narrows it, and is required by parameters that not
// every resource has). The error is an *fhir.Error of kind Invalid that
// names every parameter at fault: what is unknown, not supported or not a legal
// value is an error, and no filter is ever dropped (R4 search.html#errors).
func (l Language) Parse(resourceType string, params []fhir.Param) (Query, error) {
	q, _, err := l.parse(resourceType, params, false)
	return q, err
}

// ParseLenient is Parse for Prefer: handling=lenient: parameters that R4 does
// not know for the type are left out of the query and returned, each name once,
// so that the answer can say so. Everything else is as strict.
func (l Language) ParseLenient(resourceType string, params []fhir.Param) (q Query, ignored []string, err error) {
	return l.parse(resourceType, params, true)
}

func (l Language) parse(resourceType string, params []fhir.Param, lenient bool) (Query, []string, error) {
	if resourceType != "" && !conformance.IsType(resourceType) {
		return Query{}, nil, fhir.NewError(fhir.Invalid, "value", quote(resourceType)+" is not a resource type")
	}
	if len(params) > MaxParams {
		return Query{}, nil, fhir.NewError(fhir.Invalid, "too-costly", "too many parameters")
	}
	p := parser{Language: l, query: Query{Type: resourceType, language: l}, lenient: lenient, once: map[string]bool{}}
	p.types(params)
	for _, param := range params {
		if bad := p.param(param); bad != nil {
			p.report(param.Name, bad)
		}
	}
	if len(p.issues) > 0 {
		return Query{}, nil, &fhir.Error{Kind: fhir.Invalid, Issues: p.issues}
	}
	if bad := p.consistent(); bad != nil {
		return Query{}, nil, &fhir.Error{Kind: fhir.Invalid, Issues: []fhir.Issue{bad.issue("_summary")}}
	}
	p.query.Where = And(p.where...)
	return p.query, p.ignored, nil
}

type parser struct {
	Language
	query   Query
	where   []Expr
	among   []string // the types of _type, in a search over all types
	lenient bool
	once    map[string]bool
	ignored []string
	issues  []fhir.Issue
}

func (p *parser) report(name string, bad *problem) {
	switch {
	case !bad.unknown || !p.lenient:
		p.issues = append(p.issues, bad.issue(name))
	case !slices.Contains(p.ignored, name):
		p.ignored = append(p.ignored, name)
	}
}

func (p *parser) param(param fhir.Param) *problem {
	name, raw := param.Name, param.Value
	if bad := legible(name, raw); bad != nil {
		return bad
	}
	if IsSurface(name) || name == "_type" {
		return nil // _type was read first: see types
	}
	if read := control(name); read != nil {
		return read(p, raw)
	}
	if code, modifier, ok := strings.Cut(name, ":"); ok && (control(code) != nil || code == "_type" || IsSurface(code)) {
		return unsupported("the modifier :%s of %s", clip(modifier), code)
	}
	x, bad := p.everywhere(name, raw)
	if bad != nil {
		return bad
	}
	p.where = append(p.where, x)
	return nil
}

// legible refuses what cannot be in any index: broken UTF-8 and control
// characters.
func legible(name, raw string) *problem {
	switch {
	case len(name)+len(raw) > MaxLength:
		return &problem{code: "too-costly", text: "too long"}
	case !utf8.ValidString(name) || !utf8.ValidString(raw):
		return invalid("not UTF-8")
	case strings.IndexFunc(raw, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' }) >= 0:
		return invalid("a control character")
	}
	return nil
}

// types reads _type, on which the meaning of the other parameters depends.
func (p *parser) types(params []fhir.Param) {
	for _, param := range params {
		if param.Name != "_type" {
			continue
		}
		switch names, bad := p.typeNames(param.Value); {
		case bad != nil:
			p.report("_type", bad)
		default:
			p.among = names
			p.where = append(p.where, TypeIs{names})
		}
	}
}

func (p *parser) typeNames(raw string) ([]string, *problem) {
	if p.query.Type != "" {
		return nil, invalid("only a search over all types has it")
	}
	if p.among != nil {
		return nil, invalid("given twice")
	}
	names := strings.Split(raw, ",")
	for _, name := range names {
		if !conformance.IsType(name) {
			return nil, invalid("%s is not a resource type", quote(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// everywhere reads a criterion for the type searched or, in a search over all
// types, for each of those that _type names: a parameter belongs to a type.
func (p *parser) everywhere(name, raw string) (Expr, *problem) {
	r := &reader{Language: p.Language}
	code := firstCode(name)
	if p.query.Type != "" || code == "_id" || code == "_lastUpdated" {
		return r.criterion(p.query.Type, name, raw, 0)
	}
	switch len(p.among) {
	case 0:
		x, bad := r.criterion("", name, raw, 0)
		if bad != nil && bad.unknown {
			bad = invalid("a search over all types must name them with _type to use this")
		}
		return x, bad
	case 1:
		return r.criterion(p.among[0], name, raw, 0)
	}
	var branches []Expr
	for _, t := range p.among {
		x, bad := r.criterion(t, name, raw, 0)
		if bad != nil {
			return nil, bad
		}
		branches = append(branches, And(TypeIs{[]string{t}}, x))
	}
	x := Or(branches...)
	if code == "_filter" {
		p.query.filters = append(p.query.filters, filterOf{x, raw})
	}
	return x, nil
}
