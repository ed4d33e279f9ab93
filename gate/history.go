package gate

import (
	"errors"
	"strconv"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// ParseHistory reads the parameters of a history (R4 http.html#history): _since,
// an instant; _at, a date or time of any precision, which means the whole of what
// is written; _count; and _sort by _lastUpdated, in either direction, which is our
// own. Each may be given once and anything else is refused; the error names every
// parameter at fault.
func ParseHistory(params []fhir.Param) (storage.HistoryQuery, error) {
	var h storage.HistoryQuery
	bad := &fhir.Error{Kind: fhir.Invalid}
	seen := map[string]bool{}
	for _, p := range params {
		read, known := historyParams[p.Name]
		err := errTwice
		if !seen[p.Name] && known {
			err = read(&h, p.Value)
		}
		switch seen[p.Name] = true; {
		case !known:
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "not-supported", Details: "unknown parameter of a history", Expression: []string{p.Name}})
		case err != nil:
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "value", Details: err.Error(), Expression: []string{p.Name}})
		}
	}
	if len(bad.Issues) > 0 {
		return storage.HistoryQuery{}, bad
	}
	return h, nil
}

var errTwice = errors.New("given more than once")

var historyParams = map[string]func(*storage.HistoryQuery, string) error{
	"_since": historySince,
	"_at":    historyAt,
	"_count": historyCount,
	"_sort":  historySort,
}

func historySince(h *storage.HistoryQuery, value string) (err error) {
	if h.Since, err = time.Parse(time.RFC3339Nano, value); err != nil {
		return errors.New("an instant is expected: a time with its seconds and its zone")
	}
	return nil
}

func historyAt(h *storage.HistoryQuery, value string) error {
	low, high, ok := index.DateRange(value)
	if !ok {
		return errors.New("a date or time is expected")
	}
	h.At = storage.Period{Start: time.UnixMicro(low).UTC(), End: time.UnixMicro(high).UTC()}
	return nil
}

func historyCount(h *storage.HistoryQuery, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return errors.New("a number from 1 on is expected")
	}
	h.Count = min(n, query.MaxCount)
	return nil
}

func historySort(h *storage.HistoryQuery, value string) error {
	if value != "_lastUpdated" && value != "-_lastUpdated" {
		return errors.New("a history is in order of _lastUpdated or -_lastUpdated")
	}
	h.Oldest = value == "_lastUpdated"
	return nil
}
