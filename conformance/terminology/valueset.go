package terminology

import (
	"slices"
	"strings"

	"sluis/fhir"
)

// valueSet is a ValueSet as it is used: what it takes in and what it leaves out.
type valueSet struct {
	url, version, name, title, status, date string

	experimental     string // "", true or false
	include, exclude []*clause
	activeOnly       bool   // compose.inactive is false
	definition       string // the JSON of compose, or ""
}

// clause is one include or exclude: the concepts of a system (listed, or all
// that pass every filter) that are also in every value set named.
type clause struct {
	system, version string
	concepts        []listed
	filters         []filter
	sets            []string // canonicals
}

// listed is a concept that a value set names itself.
type listed struct {
	code, display string
	designations  []designation
}

// filter is one condition of a clause (R4 valueset-filter-operator).
type filter struct{ property, op, value string }

// readValueSet reads a ValueSet resource. One without compose is what its stored
// expansion lists. The error is an *fhir.Error of kind Unprocessable that names
// what makes the definition unusable (R4 vsd-1, vsd-2, vsd-3).
func readValueSet(doc *fhir.Document) (*valueSet, error) { return valueSetOf(doc.Root()) }

func valueSetOf(root fhir.Node) (*valueSet, error) {
	text := func(name string) string { return root.Get(name).Text() }
	vs := &valueSet{
		url: text("url"), version: text("version"), name: text("name"), title: text("title"), status: text("status"), date: text("date"),
	}
	if e := root.Get("experimental"); e.Kind() == fhir.Bool {
		vs.experimental = e.Text()
	}
	compose := root.Get("compose")
	if compose.IsZero() {
		expansion := root.Get("expansion")
		if expansion.IsZero() {
			return nil, defect("the value set %s has neither a definition nor an expansion", shown(vs.url))
		}
		vs.include = storedClauses(nil, expansion.Get("contains"))
		return vs, nil
	}
	vs.definition = string(compose.Raw())
	vs.activeOnly = compose.Get("inactive").Text() == "false"
	var err error
	if vs.include, err = readClauses(vs.url, compose.Get("include")); err != nil {
		return nil, err
	}
	vs.exclude, err = readClauses(vs.url, compose.Get("exclude"))
	return vs, err
}

func readClauses(url string, list fhir.Node) ([]*clause, error) {
	var out []*clause
	for n := range list.All() {
		c := &clause{system: n.Get("system").Text(), version: n.Get("version").Text()}
		for v := range n.Get("valueSet").All() {
			c.sets = append(c.sets, v.Text())
		}
		for l := range n.Get("concept").All() {
			c.concepts = append(c.concepts, listed{code: l.Get("code").Text(), display: l.Get("display").Text(), designations: readDesignations(l)})
		}
		for f := range n.Get("filter").All() {
			c.filters = append(c.filters, filter{property: f.Get("property").Text(), op: f.Get("op").Text(), value: f.Get("value").Text()})
		}
		if text := c.defect(); text != "" {
			return nil, defect("the value set %s cannot be used: %s", shown(url), text)
		}
		out = append(out, c)
	}
	return out, nil
}

// operators are those of R4 valueset-filter-operator.
var operators = []string{"=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists"}

func (c *clause) defect() string {
	switch {
	case c.system == "" && len(c.sets) == 0:
		return "an include or exclude names neither a system nor a value set (vsd-1)"
	case c.system == "" && len(c.concepts)+len(c.filters) > 0:
		return "concepts or filters without a system (vsd-2)"
	case len(c.concepts) > 0 && len(c.filters) > 0:
		return "both concepts and filters (vsd-3)"
	case slices.Contains(c.sets, ""):
		return "a value set without a canonical"
	case slices.ContainsFunc(c.concepts, func(l listed) bool { return l.code == "" }):
		return "a concept without a code"
	}
	for _, f := range c.filters {
		if f.property == "" || !slices.Contains(operators, f.op) {
			return "a filter with property " + shown(f.property) + " and op " + shown(f.op)
		}
	}
	return ""
}

// storedClauses reads the codes of an expansion, those of one system that follow
// each other as one clause. Groups without a code and abstract codes are there
// to lead through the list and are no members.
func storedClauses(out []*clause, contains fhir.Node) []*clause {
	for n := range contains.All() {
		system, version, code := n.Get("system").Text(), n.Get("version").Text(), n.Get("code").Text()
		if code != "" && system != "" && n.Get("abstract").Text() != "true" {
			if len(out) == 0 || out[len(out)-1].system != system || out[len(out)-1].version != version {
				out = append(out, &clause{system: system, version: version})
			}
			last := out[len(out)-1]
			last.concepts = append(last.concepts, listed{code: code, display: n.Get("display").Text(), designations: readDesignations(n)})
		}
		out = storedClauses(out, n.Get("contains"))
	}
	return out
}

// shown is text of a caller as a message repeats it: quoted, and not for ever.
func shown(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return `"` + s + `"`
}
