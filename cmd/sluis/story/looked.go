package story

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"sluis/fhir"
)

// looked is chapter 4: the patient sees who looked, and the log cannot have
// been altered.
func (s *story) looked(ctx context.Context) error {
	s.chapter("4. Who looked? The patient's own log, and the proof that nothing is missing")
	a := s.call(ctx, s.patient, "GET", "/AuditEvent?_count=200&patient="+s.annaPractice.ID, nil)
	events := a.entries()
	s.table(events)
	s.check(has(events, "Organization/"+s.Data.Practice.ID, "0"), "the GP's practice, when it looked, on which consent")
	s.check(has(events, "Organization/"+s.Data.Hospital.ID, "0"), "the hospital's delivery of the patient's data")
	denied := s.call(ctx, s.patient, "GET", "/AuditEvent?_total=accurate&outcome=8&patient="+s.annaPractice.ID, nil)
	s.check(total(denied) > 0, "the requests of the GP who does not treat the patient, as denials")
	bert := s.call(ctx, s.patient, "GET", "/AuditEvent?_total=accurate&patient="+s.bertHospital.ID, nil)
	s.check(bert.status == 200 && total(bert) == 0, "nobody else's log")
	report, ok, err := s.Verify(ctx)
	if err != nil {
		return err
	}
	s.say("   $ sluis audit verify\n     %s\n", strings.ReplaceAll(strings.TrimSpace(report), "\n", "\n     "))
	s.check(ok, "the chain of the log is whole")
	return nil
}

// shown is how many lines of the log are printed.
const shown = 12

func (s *story) table(events []fhir.Node) {
	for i, e := range events {
		if i == shown {
			s.say("     … and %d more\n", len(events)-shown)
			return
		}
		s.say("     %s  %-7s %-7s %s\n", e.Get("recorded").Text(), deeds[e.Get("action").Text()], outcomes[e.Get("outcome").Text()], strings.Join(agents(e), ", "))
	}
}

// deeds and outcomes are AuditEvent.action and outcome in words.
var (
	deeds    = map[string]string{"C": "created", "R": "read", "U": "updated", "D": "deleted", "E": "search"}
	outcomes = map[string]string{"0": "ok", "4": "refused", "8": "DENIED", "12": "failed"}
)

// agents lists who took part and the consents relied on, each once.
func agents(e fhir.Node) (out []string) {
	add := func(text string) {
		if text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for a := range e.Get("agent").All() {
		who := a.Get("who")
		add(cmp.Or(who.Get("reference").Text(), who.Get("display").Text()))
		for p := range a.Get("policy").All() {
			add("on " + p.Text())
		}
	}
	return out
}

// has reports whether an event names the organisation with that outcome.
func has(events []fhir.Node, organization, outcome string) bool {
	for _, e := range events {
		if e.Get("outcome").Text() == outcome && strings.Contains(string(e.Raw()), organization) {
			return true
		}
	}
	return false
}
