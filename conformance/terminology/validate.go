package terminology

import (
	"fmt"
	"strings"

	"sluis/fhir"
	"sluis/fhir/index"
)

// memberParameters are those of R4 valueset-operation-validate-code.html, and
// inferSystem, which R5 adds.
var memberParameters = []parameter{
	{name: "url"}, {name: "context"}, {name: "valueSet", kind: resourceKind}, {name: "valueSetVersion"},
	{name: "code"}, {name: "system"}, {name: "systemVersion"}, {name: "display"}, {name: "coding", kind: codingKind},
	{name: "codeableConcept", kind: conceptKind}, {name: "date", kind: dateKind}, {name: "abstract", kind: boolKind},
	{name: "displayLanguage"}, {name: "inferSystem", kind: boolKind},
}

// codeParameters are those of R4 codesystem-operation-validate-code.html.
var codeParameters = []parameter{
	{name: "url"}, {name: "codeSystem", kind: resourceKind}, {name: "code"}, {name: "version"}, {name: "display"},
	{name: "coding", kind: codingKind}, {name: "codeableConcept", kind: conceptKind}, {name: "date", kind: dateKind},
	{name: "abstract", kind: boolKind}, {name: "displayLanguage"},
}

// result is what $validate-code answers: message says why not, or what else is
// to be noted; display is the right one.
type result struct {
	ok               bool
	message, display string
}

func (r result) bytes() []byte {
	out := []writtenParameter{{name: "result", key: "valueBoolean", value: r.ok}}
	if r.message != "" {
		out = append(out, writtenParameter{name: "message", key: "valueString", value: r.message})
	}
	if r.display != "" {
		out = append(out, writtenParameter{name: "display", key: "valueString", value: r.display})
	}
	return parametersOf(out)
}

// asked are the codings that a call is about: one of code, coding and
// codeableConcept must be there.
func (a *arguments) asked(system, version string) ([]Coding, error) {
	ways := 0
	for _, name := range []string{"code", "coding", "codeableConcept"} {
		if a.has(name) {
			ways++
		}
	}
	switch {
	case ways != 1:
		return nil, fhir.NewError(fhir.Invalid, "required", "one of code, coding and codeableConcept is needed, and only one", "code")
	case a.has("display") && !a.has("code"):
		return nil, fhir.NewError(fhir.Invalid, "required", "display goes with code", "display")
	case a.has("code"):
		return []Coding{{System: system, Version: version, Code: a.text("code"), Display: a.text("display")}}, nil
	case a.has("coding"):
		return []Coding{codingOf(a.node("coding"))}, nil
	}
	var out []Coding
	for c := range a.node("codeableConcept").Get("coding").All() {
		out = append(out, codingOf(c))
	}
	return out, nil
}

// best is the first result that is true, or the reasons of all that are not.
func best(all []Coding, judge func(Coding) (result, error)) (result, error) {
	var out result
	var reasons []string
	for _, c := range all {
		r, err := judge(c)
		if err != nil || r.ok {
			return r, err
		}
		reasons = append(reasons, r.message)
		if out.display == "" {
			out.display = r.display
		}
	}
	out.message = strings.Join(reasons, "; ")
	if len(all) == 0 {
		out.message = "there is no coding to validate"
	}
	return out, nil
}

// runValidateMember answers ValueSet/$validate-code. What is not known of a code
// system makes the result false, and the message says so.
func (s *Service) runValidateMember(c Call, a *arguments) ([]byte, error) {
	vs, err := s.setOf(c, a)
	if err != nil {
		return nil, err
	}
	all, err := a.asked(a.text("system"), a.text("systemVersion"))
	if err != nil {
		return nil, err
	}
	if a.has("code") && !a.has("system") {
		if !a.is("inferSystem") {
			return nil, fhir.NewError(fhir.Invalid, "required", "a code needs its system (or inferSystem=true)", "system")
		}
		if all, err = s.inferred(vs, all[0]); err != nil {
			return nil, err
		}
	}
	r, err := best(all, func(c Coding) (result, error) { return s.validMember(vs, c, a) })
	return r.bytes(), err
}

// inferred is the coding with the system in which the value set has the code:
// the one system, or it is ambiguous.
func (s *Service) inferred(vs *valueSet, c Coding) ([]Coding, error) {
	x, err := s.enumerate(vs)
	if isUnknown(err) {
		return nil, fhir.NewError(fhir.Unprocessable, "not-found", "the system cannot be inferred: "+err.Error())
	}
	if err != nil {
		return nil, err
	}
	found := ""
	for _, e := range x.entries {
		if e.code != c.Code || e.system == found {
			continue
		}
		if found != "" {
			return nil, fhir.NewError(fhir.Invalid, "multiple-matches", fmt.Sprintf("the value set has the code %s in several systems", shown(c.Code)), "system")
		}
		found = e.system
	}
	c.System = found
	return []Coding{c}, nil
}

func (s *Service) validMember(vs *valueSet, c Coding, a *arguments) (result, error) {
	switch {
	case c.Code == "":
		return result{message: "a coding without a code is in no value set"}, nil
	case c.System == "":
		return result{message: fmt.Sprintf("the code %s without its system is not in the value set", shown(c.Code))}, nil
	}
	v, err := s.contains(vs, c)
	if err != nil {
		return result{}, err
	}
	name := shown(c.System + "|" + c.Code)
	switch v.membership {
	case Unjudged:
		return result{message: fmt.Sprintf("whether %s is in the value set %s cannot be judged: %s", name, shown(vs.url), v.why)}, nil
	case NotMember:
		return s.notIn(vs, c, a)
	case Member:
	}
	cs, err := s.system(c.System, c.Version)
	if err != nil && !isUnknown(err) {
		return result{}, err
	}
	return described(cs, c, v.from, a), nil
}

// notIn says that a code is not in the value set, and whether it is a code.
func (s *Service) notIn(vs *valueSet, c Coding, a *arguments) (result, error) {
	out := result{message: fmt.Sprintf("%s is not in the value set %s", shown(c.System+"|"+c.Code), shown(vs.url))}
	cs, err := s.system(c.System, c.Version)
	switch {
	case isUnknown(err):
		out.message += "; " + err.Error()
		return out, nil
	case err != nil:
		return result{}, err
	case cs.grammar != nil:
		if !cs.grammar.valid(c.Code) {
			out.message += ", nor a code of " + cs.grammar.title
		}
		return out, nil
	}
	if i, ok := cs.find(c.Code); ok {
		out.display = in(a.text("displayLanguage"), cs.concepts[i].designations, cs.concepts[i].display)
	} else if cs.whole() {
		out.message += ", nor a code of its code system"
	}
	return out, nil
}

// described is the result for a code that is there: its display, and false where
// that asked about is another, or the code abstract.
func described(cs *codeSystem, c Coding, from *listed, a *arguments) result {
	out := result{ok: true}
	var known []string
	var designations []designation
	if from != nil {
		out.display, designations = from.display, from.designations
		known = append(known, from.display)
	}
	if cs != nil {
		if i, ok := cs.find(c.Code); ok {
			at := &cs.concepts[i]
			known = append(known, at.display)
			designations = append(designations[:len(designations):len(designations)], at.designations...)
			if out.display == "" {
				out.display = at.display
			}
			switch {
			case at.abstract && !a.is("abstract"):
				out.ok, out.message = false, fmt.Sprintf("the code %s is abstract: it is valid only where abstract=true", shown(c.Code))
			case at.inactive:
				out.message = fmt.Sprintf("the code %s is not in use any more", shown(c.Code))
			}
		}
	}
	out.display = in(a.text("displayLanguage"), designations, out.display)
	for _, d := range designations {
		known = append(known, d.value)
	}
	if c.Display != "" && !isDisplay(c.Display, known) {
		out.ok = false
		out.message = joined(out.message, fmt.Sprintf("%s is not a display of %s", shown(c.Display), shown(c.Code)))
	}
	return out
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// isDisplay compares without regard to case, accents and white space. Where no
// display is known, any does.
func isDisplay(display string, known []string) bool {
	some := false
	for _, k := range known {
		if k != "" && index.Fold(k) == index.Fold(display) {
			return true
		}
		some = some || k != ""
	}
	return !some
}

// runValidateCode answers CodeSystem/$validate-code.
func (s *Service) runValidateCode(c Call, a *arguments) ([]byte, error) {
	n, canonical, err := c.given(a, "codeSystem", "version")
	if err != nil {
		return nil, err
	}
	cs, err := s.systemOf(n, canonical)
	if err != nil {
		return nil, err
	}
	if v := a.text("version"); canonical == "" && v != "" && v != cs.version {
		return result{message: fmt.Sprintf("the code system is of version %s, not %s", shown(cs.version), shown(v))}.bytes(), nil
	}
	all, err := a.asked(cs.url, "")
	if err != nil {
		return nil, err
	}
	r, err := best(all, func(c Coding) (result, error) { return validCode(cs, c, a), nil })
	return r.bytes(), err
}

// systemOf is the code system that a call is about.
func (s *Service) systemOf(n fhir.Node, canonical string) (*codeSystem, error) {
	if n.IsZero() {
		url, version := cutVersion(canonical)
		if strings.Contains(canonical, "|") && builtinSystems.find(canonical, "") != nil {
			url, version = canonical, ""
		}
		return s.system(url, version)
	}
	if t := n.Get("resourceType").Text(); t != "CodeSystem" {
		return nil, fhir.NewError(fhir.Invalid, "invalid", "codeSystem is a "+shown(t), "codeSystem")
	}
	cs, err := codeSystemOf(n)
	if err == nil && cs.content == notPresent {
		err = unknown("the content of the code system %s is not known to this server: its codes cannot be judged", shown(cs.url))
	}
	return cs, err
}

func validCode(cs *codeSystem, c Coding, a *arguments) result {
	switch {
	case c.Code == "":
		return result{message: "a coding without a code"}
	case c.System != cs.url:
		return result{message: fmt.Sprintf("%s is of the code system %s, not of %s", shown(c.Code), shown(c.System), shown(cs.url))}
	case c.Version != "" && c.Version != cs.version:
		return result{message: fmt.Sprintf("the code system is of version %s, not %s", shown(cs.version), shown(c.Version))}
	case cs.grammar != nil && cs.grammar.valid(c.Code):
		return result{ok: true}
	case cs.grammar != nil:
		return result{message: fmt.Sprintf("%s is not a code of %s", shown(c.Code), cs.grammar.title)}
	}
	if _, ok := cs.find(c.Code); ok {
		return described(cs, c, nil, a)
	}
	if !cs.whole() {
		return result{message: fmt.Sprintf("only a part of the code system %s is known to this server, and %s is not in it", shown(cs.url), shown(c.Code))}
	}
	return result{message: fmt.Sprintf("%s is not a code of the code system %s", shown(c.Code), shown(cs.url))}
}
