package conformance

import (
	"strconv"
	"strings"

	"sluis/fhir"
)

// CustomParameter reads a SearchParameter resource (R4 searchparameter.html):
// one Parameter for each of its bases. A base of Resource or DomainResource
// stands for all types. defs knows the parameters that a composite is made of.
//
// The issues name everything for which it cannot be served. Whether the
// expression can be indexed is for fhir/index to say, and whether its code is
// free for Definitions.With. What would only forbid searches (multipleOr,
// comparator, modifier, chain) is not enforced.
func CustomParameter(doc *fhir.Document, defs *Definitions) ([]*Parameter, []fhir.Issue) {
	r := doc.Root()
	c := custom{defs: defs}
	p := Parameter{
		Code: r.Get("code").Text(), URL: r.Get("url").Text(), Type: ParamType(r.Get("type").Text()),
		Expression: r.Get("expression").Text(),
	}
	switch {
	case p.Type == SpecialParam:
		c.refuse("type", "what a special parameter means is not defined by its definition")
	case p.Expression == "":
		c.refuse("expression", "without an expression there is nothing to search for")
	}
	for t := range r.Get("target").All() {
		p.Targets = append(p.Targets, types(t.Text())...)
	}
	if p.Type == ReferenceParam && len(p.Targets) == 0 {
		c.refuse("target", "a reference needs the types it may point at")
	}
	var out []*Parameter
	for b := range r.Get("base").All() {
		for _, base := range types(b.Text()) {
			own := p
			own.Base, own.Key = base, ParameterKey(base, p.Code)
			own.Parts, own.Components = c.parts(r, base, p.Code)
			out = append(out, &own)
		}
	}
	if p.Type == CompositeParam && len(out) > 0 && len(out[0].Parts) < 2 {
		c.refuse("component", "a composite has at least two components")
	}
	return out, c.issues
}

// custom collects what is wrong with a definition.
type custom struct {
	defs   *Definitions
	issues []fhir.Issue
}

func (c *custom) refuse(element, details string) {
	issue := fhir.Issue{Code: "not-supported", Details: details, Expression: []string{"SearchParameter." + element}}
	for _, known := range c.issues {
		if known.Expression[0] == issue.Expression[0] {
			return
		}
	}
	c.issues = append(c.issues, issue)
}

// types are the resource types that a name of a base or target stands for.
func types(name string) []string {
	if name == "Resource" || name == "DomainResource" {
		return Types()
	}
	return []string{name}
}

// parts reads the components: each is the parameter that its definition names,
// with the expression that stands here.
func (c *custom) parts(r fhir.Node, base, code string) (parts []*Parameter, canonicals []string) {
	i := 0
	for component := range r.Get("component").All() {
		at := "component[" + strconv.Itoa(i) + "]"
		i++
		canonical := component.Get("definition").Text()
		url, _, _ := strings.Cut(canonical, "|")
		of := c.find(base, url)
		if of == nil {
			c.refuse(at+".definition", "no parameter of "+base+" has this definition")
			continue
		}
		if of.Type == CompositeParam || of.Type == SpecialParam {
			c.refuse(at+".definition", "a "+string(of.Type)+" parameter cannot be a component")
			continue
		}
		name := code + "$" + strconv.Itoa(i)
		parts = append(parts, &Parameter{
			Base: base, Code: name, URL: url, Type: of.Type, Targets: of.Targets,
			Expression: component.Get("expression").Text(), Key: ParameterKey(base, name),
		})
		canonicals = append(canonicals, url)
	}
	return parts, canonicals
}

func (c *custom) find(base, url string) *Parameter {
	for _, p := range c.defs.Parameters(base) {
		if p.URL == url {
			return p
		}
	}
	return nil
}
