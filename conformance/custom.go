package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sluis/fhir"
)

// Limits of a definition. R4's own stay far below them.
const (
	maxExpression = 4000 // bytes
	maxComponents = 8
)

// CustomParameter reads a SearchParameter resource (R4 searchparameter.html):
// one Parameter for each of its bases. A base of Resource or DomainResource
// stands for all types that are one. defs knows the parameters that a composite
// is made of.
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
	if p.Type == SpecialParam {
		c.refuse("type", "what a special parameter means is not defined by its definition")
	}
	c.expression("expression", p.Expression)
	p.Targets = c.types(r, "target")
	if p.Type == ReferenceParam && len(p.Targets) == 0 {
		c.refuse("target", "a reference needs the types it may point at")
	}
	var out []*Parameter
	for _, base := range c.types(r, "base") {
		own := p
		own.Base, own.Key = base, ParameterKey(base, p.Code)
		own.Parts, own.Components = c.parts(r, base, p.Code)
		out = append(out, &own)
	}
	if p.Type == CompositeParam && len(out) > 0 && (len(out[0].Parts) < 2 || len(out[0].Parts) > maxComponents) {
		c.refuse("component", fmt.Sprintf("a composite has 2 to %d components", maxComponents))
	}
	return out, c.issues
}

// Custom reports whether the parameter is none of R4's own. It knows by the
// code, which no other parameter of the type can have (see With).
func (p *Parameter) Custom() bool {
	code, _, _ := strings.Cut(p.Code, "$")
	if p.Base == "Resource" || strings.HasPrefix(code, "~") {
		return false // those of every resource, and the pseudo parameters
	}
	_, ours := Lookup(p.Base, code)
	return !ours
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

// written matches, in an expression without its texts, what the server writes
// itself: the index would depend on when it is made.
var written = regexp.MustCompile(`\b(id|versionId|lastUpdated)\b|\bmeta\b(\s*\.\s*(tag|security|profile|source|extension)\b)?`)

// quoted matches a text in an expression.
var quoted = regexp.MustCompile(`'(\\.|[^'\\])*'`)

// expression refuses one that is absent, too long, or that looks at what the
// server writes.
func (c *custom) expression(element, text string) {
	switch {
	case text == "":
		c.refuse(element, "without an expression there is nothing to search for")
	case len(text) > maxExpression:
		c.refuse(element, fmt.Sprintf("an expression has at most %d bytes", maxExpression))
	}
	for _, m := range written.FindAllStringSubmatch(quoted.ReplaceAllString(text, "''"), -1) {
		if m[1] != "" || m[2] == "" {
			c.refuse(element, "id, meta.versionId and meta.lastUpdated are written by the server: search by _id and _lastUpdated")
		}
	}
}

// types reads the resource types of base or target, each once.
func (c *custom) types(r fhir.Node, element string) (out []string) {
	i := 0
	for t := range r.Get(element).All() {
		names := typesOf(t.Text())
		if !IsType(names[0]) {
			c.refuse(element+"["+strconv.Itoa(i)+"]", "no resource type of R4")
		}
		for _, name := range names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
		i++
	}
	return out
}

// typesOf are the resource types that a name of a base or target stands for.
func typesOf(name string) []string {
	switch name {
	case "Resource":
		return Types()
	case "DomainResource":
		return slices.DeleteFunc(slices.Clone(Types()), func(t string) bool { return slices.Contains(domainless, t) })
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
		c.expression(at+".expression", component.Get("expression").Text())
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
			Expression: component.Get("expression").Text(), Key: ParameterKey(base, name), of: r.Get("expression").Text(),
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
