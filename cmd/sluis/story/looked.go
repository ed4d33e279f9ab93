package story

import (
	"context"
	"strings"

	"sluis/fhir"
)

// looked is chapter 4: she sees who looked, and the log cannot have been
// altered.
func (s *story) looked(ctx context.Context) error {
	s.chapter("4. Who looked? Her own log, and the proof that nothing is missing")
	a := s.call(ctx, s.log, "GET", "/AuditEvent?_count=200&patient="+s.annaPractice.ID, nil)
	events := a.entries()
	s.table(events)
	s.check(has(events, "Organization/"+s.Data.Practice.ID, "0"), "the GP's practice, when it looked, on which consent")
	s.check(has(events, "Organization/"+s.Data.Hospital.ID, "0"), "the hospital's delivery of her data")
	denied := s.call(ctx, s.log, "GET", "/AuditEvent?_total=accurate&outcome=8&patient="+s.annaPractice.ID, nil)
	s.check(total(denied) > 0, "the requests of the GP who does not treat her, as denials")
	bert := s.call(ctx, s.log, "GET", "/AuditEvent?_total=accurate&patient="+s.bertHospital.ID, nil)
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
		s.say("     %s  %-1s  outcome %-2s  %s\n", e.Get("recorded").Text(), e.Get("action").Text(), e.Get("outcome").Text(), strings.Join(agents(e), ", "))
	}
}

// agents lists the references of who took part, and the consents relied on.
func agents(e fhir.Node) (out []string) {
	for a := range e.Get("agent").All() {
		if ref := a.At("who", "reference").Text(); ref != "" {
			out = append(out, ref)
		} else if name := a.At("who", "display").Text(); name != "" {
			out = append(out, name)
		}
		for p := range a.Get("policy").All() {
			out = append(out, "on "+p.Text())
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
