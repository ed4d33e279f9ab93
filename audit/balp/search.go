package balp

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"sluis/audit"
	"sluis/fhir"
)

// Parameter is one search parameter that the log answers to.
type Parameter struct {
	Name string // in a URL
	Type string // R4 search.html#ptypes
	Text string // what it matches

	apply func(*Filter, string) bool // false: the value is refused
	full  bool                       // not in a projection
}

// Parameters are all of them, for ParseSearch and for the CapabilityStatement.
// patient, date, action, outcome, agent, agent-role and policy are R4's;
// purpose is R5's name, for R4 has none for purposeOfEvent.
func Parameters(projected bool) (out []Parameter) {
	for _, p := range parameters {
		if !projected || !p.full {
			out = append(out, p)
		}
	}
	return out
}

var parameters = []Parameter{
	{Name: "_id", Type: "token", Text: "logical id", apply: (*Filter).setID},
	{Name: "patient", Type: "reference", Text: "the patient the event is about: AuditEvent.entity.what, never agent.who", apply: (*Filter).setPatient},
	{Name: "date", Type: "date", Text: "AuditEvent.recorded; eq, ge, gt, le, lt, sa, eb", apply: (*Filter).addDate},
	{Name: "action", Type: "token", Text: "AuditEvent.action", apply: (*Filter).setAction},
	{Name: "outcome", Type: "token", Text: "AuditEvent.outcome", apply: (*Filter).setOutcome},
	{Name: "agent", Type: "reference", Text: "the requester's Organization", apply: (*Filter).setOrganization},
	{Name: "agent", Type: "reference", Text: "the user who asked", apply: (*Filter).setUser, full: true},
	{Name: "agent", Type: "reference", Text: "either, by an id alone", apply: (*Filter).setAgent, full: true},
	{Name: "agent-role", Type: "token", Text: "the requester's role", apply: (*Filter).setRole},
	{Name: "purpose", Type: "token", Text: "AuditEvent.purposeOfEvent, a v3-ActReason", apply: (*Filter).setPurpose},
	{Name: "policy", Type: "uri", Text: "a Consent relied on, in any version, or an implicit policy: AuditEvent.agent.policy", apply: (*Filter).setPolicy},
	{Name: "_count", Type: "number", Text: "page size", apply: (*Filter).setCount},
	{Name: "_sort", Type: "special", Text: "date or -date", apply: (*Filter).setSort},
	{Name: "_total", Type: "token", Text: "none, estimate or accurate; an estimate is exact", apply: (*Filter).setTotal},
	{Name: "_summary", Type: "token", Text: "count", apply: (*Filter).setSummary},
}

// Filter is a search of the log. What is zero does not restrict.
type Filter struct {
	ID           string
	Patient      fhir.Ref  // as named; the gate widens it to the person
	From, To     time.Time // From inclusive, To exclusive, to the millisecond
	Action       string
	Outcome      *audit.Outcome
	Organization string
	User         fhir.Ref // never in a projection
	Agent        string   // id of an Organization or user; never in a projection
	Role         string
	Purpose      string
	Policy       string // Consent/id without a version, or a URI

	Count     int  // 0: the default
	Ascending bool // oldest first
	Total     bool // _total asks for it; always told with CountOnly
	CountOnly bool
}

// ParseSearch reads the parameters of a search of the log. What is unknown,
// repeated (save date), has a modifier, lists several values or cannot be read
// is a *fhir.Error of kind Invalid that names it; all at once. A projection
// knows no parameter by which it could tell more than it shows.
func ParseSearch(params []fhir.Param, projected bool) (Filter, error) {
	var f Filter
	var issues []fhir.Issue
	seen := map[string]bool{}
	for _, p := range params {
		code, problem := f.take(p, projected)
		if problem == "" && seen[p.Name] && p.Name != "date" {
			code, problem = "invalid", "given more than once"
		}
		if problem != "" {
			issues = append(issues, fhir.Issue{Code: code, Details: "parameter " + strconv.Quote(p.Name) + ": " + problem})
		}
		seen[p.Name] = true
	}
	if len(issues) > 0 {
		return Filter{}, &fhir.Error{Kind: fhir.Invalid, Issues: issues}
	}
	return f, nil
}

// take applies one parameter, or says what is wrong with it.
func (f *Filter) take(p fhir.Param, projected bool) (code, problem string) {
	known := false
	for _, q := range Parameters(projected) {
		if q.Name != p.Name {
			continue
		}
		if known = true; q.apply(f, p.Value) {
			return "", ""
		}
	}
	if !known {
		return "not-supported", "the log is not searched by it"
	}
	return "value", "not a value of this parameter"
}

func (f *Filter) setID(v string) bool {
	f.ID = v
	return fhir.IsID(v)
}

func (f *Filter) setPatient(v string) bool {
	if !strings.Contains(v, "/") {
		v = "Patient/" + v
	}
	ref, ok := fhir.ParseRef(v)
	f.Patient = ref
	return ok && ref.Type == "Patient" && ref.Version == 0
}

func (f *Filter) setAction(v string) bool {
	v, ok := code(v, actions)
	f.Action = v
	_, known := actionCodes[v]
	return ok && known
}

func (f *Filter) setOutcome(v string) bool {
	v, ok := code(v, outcomes)
	n, err := strconv.Atoi(v)
	o := audit.Outcome(n)
	f.Outcome = &o
	_, known := outcomeCodes[o]
	return ok && err == nil && known && v == strconv.Itoa(n)
}

func (f *Filter) setOrganization(v string) bool {
	ref, ok := fhir.ParseRef(v)
	if !ok || ref.Type != "Organization" || ref.Version != 0 || f.Organization != "" {
		return false
	}
	f.Organization = ref.ID
	return true
}

func (f *Filter) setUser(v string) bool {
	ref, ok := fhir.ParseRef(v)
	if !ok || ref.Type == "Organization" || ref.Version != 0 {
		return false
	}
	f.User = ref
	return true
}

// setAgent takes an id without a type (R4 search.html#reference).
func (f *Filter) setAgent(v string) bool {
	f.Agent = v
	return fhir.IsID(v)
}

func (f *Filter) setRole(v string) bool {
	v, ok := code(v, "")
	f.Role = v
	return ok
}

func (f *Filter) setPurpose(v string) bool {
	v, ok := code(v, actReasons)
	f.Purpose = v
	return ok
}

func (f *Filter) setPolicy(v string) bool {
	if ref, ok := fhir.ParseRef(v); ok {
		f.Policy = ref.Latest().String()
		return ref.Type == "Consent" && ref.Version == 0
	}
	u, err := url.Parse(v)
	f.Policy = v
	return err == nil && u.IsAbs()
}

// setCount follows R4 search.html#count: zero means _summary=count.
func (f *Filter) setCount(v string) bool {
	n, err := strconv.Atoi(v)
	f.Count = n
	f.CountOnly = f.CountOnly || n == 0
	return err == nil && n >= 0
}

func (f *Filter) setSort(v string) bool {
	f.Ascending = v == "date"
	return v == "date" || v == "-date"
}

func (f *Filter) setTotal(v string) bool {
	f.Total = v != "none"
	return v == "none" || v == "estimate" || v == "accurate"
}

func (f *Filter) setSummary(v string) bool {
	f.CountOnly = true
	return v == "count"
}

// code reads a token: code, |code or system|code of that system.
func code(v, system string) (string, bool) {
	if before, after, bar := strings.Cut(v, "|"); bar {
		return after, after != "" && (before == "" || before == system) && !strings.ContainsAny(after, ",|")
	}
	return v, v != "" && !strings.Contains(v, ",")
}
