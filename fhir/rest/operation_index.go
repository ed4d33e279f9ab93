package rest

import (
	"bytes"
	"math"
	"strconv"

	"sluis/fhir"
)

// indexStatusDefinition is the canonical of an operation of this server's own.
const indexStatusDefinition = "urn:sluis:operation:index-status"

// indexStatus answers SearchParameter/[id]/$index-status: how far the index is
// with a parameter of the server's own. It has no arguments and returns
//
//	url     uri      the parameter's canonical
//	status  code     not-served | indexing | ready
//	done    integer  resources that are indexed
//	total   integer  resources that there are to index
//	failed  integer  of those done, resources that could not be read
//
// The numbers are of all custodians, and are told to the operator's system alone.
func (x *exchange) indexStatus(args arguments) ([]byte, error) {
	if err := args.known(); err != nil {
		return nil, err
	}
	s, err := x.Gate.IndexStatus(x.r.Context(), x.caller, fhir.Ref{Type: x.ix.Type, ID: x.ix.ID})
	if err != nil {
		return nil, err
	}
	status := "not-served"
	switch {
	case s.Ready:
		status = "ready"
	case s.Served:
		status = "indexing"
	}
	var out bytes.Buffer
	out.WriteString(`{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":`)
	quote(&out, s.URL)
	out.WriteString(`},{"name":"status","valueCode":"` + status + `"}`)
	if p := s.Progress; p != nil {
		for _, n := range []struct {
			name  string
			value int64
		}{{"done", p.Done}, {"total", p.Total}, {"failed", p.Failed}} {
			// An integer of R4 has 32 bits.
			out.WriteString(`,{"name":"` + n.name + `","valueInteger":` + strconv.FormatInt(min(n.value, math.MaxInt32), 10) + `}`)
		}
	}
	out.WriteString(`]}`)
	return out.Bytes(), nil
}
