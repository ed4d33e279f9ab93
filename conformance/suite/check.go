package suite

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// Variables that every conversation has.
const (
	groupToken = "group" // unique to one run of the file
	caseToken  = "case"  // unique to one run of the case
	baseURL    = "base"
)

// check finds what no single line shows: requests whose status nobody looks at,
// and variables without a value.
func check(g Group) error {
	known := variables{groupToken: "", baseURL: ""}
	bad := checkSteps(g.Given, known)
	for _, c := range g.Cases {
		own := maps.Clone(known)
		own[caseToken] = ""
		if len(c.Steps) == 0 {
			bad = append(bad, fmt.Errorf("%s: nothing is asked", c.Place))
		}
		bad = append(bad, checkSteps(c.Steps, own)...)
	}
	return errors.Join(bad...)
}

// checkSteps adds to known what the steps give a value.
func checkSteps(steps []Step, known variables) (bad []error) {
	for _, s := range steps {
		if err := s.check(known); err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", s.Place, err))
		}
		if s.Name != "" {
			known[s.Name], known[s.Name+".id"] = "", ""
		}
		for _, v := range s.Save {
			known[v.Name] = ""
		}
	}
	return bad
}

func (s Step) check(known variables) error {
	if s.Name != "" && resourceType(s.Body) == "" {
		return errors.New("what is created must be a resource in JSON or XML")
	}
	if s.Name == "" && (len(s.Expect) == 0 || !statuses.MatchString(s.Expect[0].Text)) {
		return errors.New("the first expectation must be a status")
	}
	texts := []string{s.Target, s.Body}
	for _, h := range s.Header {
		texts = append(texts, h.Value)
	}
	for _, e := range s.Expect {
		texts = append(texts, e.Text)
	}
	for _, v := range s.Save {
		texts = append(texts, v.Text)
	}
	return known.undefined(strings.Join(texts, " "))
}
