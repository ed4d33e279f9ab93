package story

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// consent is chapter 3: permission opens exactly what it names, withdrawal
// closes it for the next request.
func (s *story) consent(ctx context.Context) error {
	s.chapter("3. The GP: nothing of the hospital's without consent, nothing after its withdrawal")
	practice := s.anna.Practice.Observations()
	psychiatric, _ := s.anna.Hospital.Psychiatric()
	all := s.union(ctx)
	s.sees(ctx, s.gp, practice, "before: the GP sees the practice's own Observations and nothing else")
	s.sees(ctx, s.stranger, 0, "a GP who does not treat the patient sees nothing")
	given := s.call(ctx, s.patient, "POST", "/Consent", s.permit())
	s.check(given.status == 201, "the patient permits the GP's practice to treat with what others hold, save what is labelled psychiatry")
	s.sees(ctx, s.gp, all-psychiatric, "now the GP sees exactly that of the hospital's as well: %d in all, %d of psychiatry stay hidden", all-psychiatric, psychiatric)
	s.sees(ctx, s.stranger, 0, "a GP who does not treat the patient still sees nothing")
	ref := given.ref()
	withdrawn := s.call(ctx, s.patient, "PUT", "/"+ref.String(), inactive(given))
	s.check(withdrawn.status == 200, "the patient withdraws it: status inactive, kept with its history")
	s.sees(ctx, s.gp, practice, "the GP's very next request finds nothing of the hospital's")
	s.sees(ctx, s.stranger, 0, "and a GP who does not treat the patient finds nothing throughout")
	return nil
}

// union is how many Observations of the patient there are, as only the
// patient can see.
func (s *story) union(ctx context.Context) int {
	a, err := s.send(ctx, s.patient, "GET", "/Observation?_total=accurate&_count=1", nil)
	if err != nil {
		s.check(false, "the patient counts all Observations: %v", err)
	}
	return total(a)
}

// sees checks the total, and that all pages together hold as many.
func (s *story) sees(ctx context.Context, who actor, want int, format string, args ...any) {
	path := "/Observation?_total=accurate&_count=20&patient=" + s.annaPractice.ID
	first := s.call(ctx, who, "GET", path, nil)
	found := first.count("Observation")
	for next := link(first, "next", s.Base); next != ""; {
		page, err := s.send(ctx, who, "GET", next, nil)
		if err != nil || page.status != 200 {
			s.check(false, "a further page is served: %d %v", page.status, err)
			return
		}
		found += page.count("Observation")
		next = link(page, "next", s.Base)
	}
	text := fmt.Sprintf(format, args...)
	s.check(total(first) == want && found == want, "%s (total %d, %d on all pages)", text, total(first), found)
}

func total(a answer) int {
	n, err := strconv.Atoi(a.root.Get("total").Text())
	if err != nil {
		return -1
	}
	return n
}

func link(a answer, relation, base string) string {
	for l := range a.root.Get("link").All() {
		if l.Get("relation").Text() == relation {
			return strings.TrimPrefix(l.Get("url").Text(), base)
		}
	}
	return ""
}

// permit is the patient's Consent (R4 consent.html).
func (s *story) permit() []byte {
	type m = map[string]any
	concept := func(system, code string) m { return m{"coding": []m{{"system": system, "code": code}}} }
	actor := []m{{
		"role":      concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
		"reference": m{"reference": "Organization/" + s.Data.Practice.ID},
	}}
	body, err := json.Marshal(m{
		"resourceType": "Consent", "status": "active",
		"scope":      concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
		"category":   []m{concept("http://loinc.org", "59284-0")},
		"patient":    m{"reference": s.annaPractice.String()},
		"performer":  []m{{"reference": s.annaPractice.String()}},
		"policyRule": concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT"),
		"provision": m{
			"type": "permit", "actor": actor,
			"purpose": []m{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}},
			"provision": []m{{
				"type": "deny", "actor": actor,
				"securityLabel": []m{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}},
			}},
		},
	})
	if err != nil {
		panic(err) // plain maps: cannot be
	}
	return body
}

// inactive is the Consent as answered, withdrawn.
func inactive(a answer) []byte {
	status := a.root.Get("status")
	start, end := status.Span()
	return fmt.Appendf(nil, `%s"inactive"%s`, a.raw[:start], a.raw[end:])
}
