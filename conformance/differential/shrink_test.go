package differential

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// shrink makes a search on which server and evaluator differ small: without
// parameters, values and resources that the difference does not need. Resources
// are deleted and, where they are needed, put back.
func (s *stage) shrink(v viewer, q ask) string {
	differs := func(v viewer, q ask) string {
		d, err := differ(v, q, fetch(s.World, v, q))
		if err != nil {
			return ""
		}
		return d
	}
	first := differs(v, q)
	if first == "" {
		return fmt.Sprintf("%s asks %s: the server differed once, and not when asked again", v.name, q)
	}
	q = fewerParameters(q, func(q ask) bool { return differs(v, q) != "" })
	v = s.fewerResources(v, func(v viewer) bool { return differs(v, q) != "" })
	var out strings.Builder
	fmt.Fprintf(&out, "%s asks\n\n    %s\n\n%s\n\nof these resources:\n", v.name, q, differs(v, q))
	for _, r := range v.data.Resources {
		body, err := json.Marshal(r)
		if err != nil {
			panic(err) // it was decoded
		}
		fmt.Fprintf(&out, "    %s\n", body)
	}
	return out.String()
}

// fewerParameters leaves out what can be left out: whole parameters, then
// values of them.
func fewerParameters(q ask, differs func(ask) bool) ask {
	try := func(params [][2]string) bool {
		next := q
		next.params = params
		if !differs(next) {
			return false
		}
		q = next
		return true
	}
	for i := 0; i < len(q.params); {
		if !try(slices.Delete(slices.Clone(q.params), i, i+1)) {
			i++
		}
	}
	for i := range q.params {
		for values := strings.Split(q.params[i][1], ","); len(values) > 1; values = values[1:] {
			params := slices.Clone(q.params)
			params[i][1] = strings.Join(values[1:], ",")
			if !try(params) {
				params[i][1] = values[0]
				try(params)
				break
			}
		}
	}
	if q.post {
		plain := q
		plain.post = false
		if differs(plain) {
			q = plain
		}
	}
	return q
}

// fewerResources deletes what can be deleted, as either custodian; a patient who
// asks stays.
func (s *stage) fewerResources(v viewer, differs func(viewer) bool) viewer {
	for _, r := range slices.Backward(slices.Clone(v.data.Resources)) {
		body := s.Do(s.System(s.Hospital), http.MethodGet, "/"+r.Ref(), nil, "Accept", "application/fhir+json").Body
		custodian := s.Hospital
		if r.Ref() == v.name {
			continue
		}
		if s.Do(s.System(custodian), http.MethodDelete, "/"+r.Ref(), nil).Status != http.StatusNoContent {
			custodian = s.Practice
			if s.Do(s.System(custodian), http.MethodDelete, "/"+r.Ref(), nil).Status != http.StatusNoContent {
				continue
			}
		}
		if fewer := v.without(r.Ref()); differs(fewer) {
			v = fewer
			continue
		}
		s.Place(custodian, string(body)) // as the server had it
	}
	return v
}
