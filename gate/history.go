package gate

import (
	"strconv"
	"time"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// ParseHistory reads the parameters of a history, _since and _count (R4
// http.html#history). Anything else is refused; the error names every parameter
// at fault.
func ParseHistory(params []fhir.Param) (storage.HistoryQuery, error) {
	var h storage.HistoryQuery
	bad := &fhir.Error{Kind: fhir.Invalid}
	for _, p := range params {
		var err error
		switch p.Name {
		case "_since":
			h.Since, err = time.Parse(time.RFC3339Nano, p.Value)
		case "_count":
			h.Count, err = strconv.Atoi(p.Value)
			if h.Count < 1 && err == nil {
				err = strconv.ErrRange
			}
			h.Count = min(h.Count, query.MaxCount)
		default:
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "not-supported", Details: "unknown parameter of a history", Expression: []string{p.Name}})
		}
		if err != nil {
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "value", Details: "bad value", Expression: []string{p.Name}})
		}
	}
	if len(bad.Issues) > 0 {
		return storage.HistoryQuery{}, bad
	}
	return h, nil
}
