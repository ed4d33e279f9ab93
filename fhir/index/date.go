package index

import (
	"sluis/fhir"
	"sluis/fhir/path"
)

// date indexes a date, dateTime, instant, Period or Timing. A choice of another
// type (Procedure.performedAge) has no date.
func (x *extraction) date(param int32, v path.Value) bool {
	switch {
	case v.Node.Kind() == fhir.String && (v.Type == "" || v.Type == "date" || v.Type == "dateTime" || v.Type == "instant"):
		low, high, ok := DateRange(v.Text())
		x.addDate(Date{Param: param, Low: low, High: high}, ok)
		return ok
	case v.Type == "Timing" || v.Type == "" && isTiming(v.Node):
		return x.timing(param, v.Node)
	case v.Node.Kind() == fhir.Object && (v.Type == "" || v.Type == "Period"):
		low, high, known, ok := period(v.Node)
		x.addDate(Date{Param: param, Low: low, High: high}, known && ok)
		return ok
	}
	return true
}

func (x *extraction) addDate(d Date, known bool) {
	if known {
		d.Element = x.element
		x.entries.Dates = append(x.entries.Dates, d)
	}
}

func isTiming(n fhir.Node) bool {
	return !n.Get("event").IsZero() || !n.Get("repeat").IsZero() || !n.Get("code").IsZero()
}

// period is what a Period covers; known is false when it has no end at all.
func period(n fhir.Node) (low, high int64, known, ok bool) {
	low, high, ok = BeforeAll, AfterAll, true
	if s := n.Get("start").Text(); s != "" {
		low, _, ok = DateRange(s)
		known = true
	}
	if s := n.Get("end").Text(); s != "" && ok {
		_, high, ok = DateRange(s)
		known = true
	}
	return low, high, known, ok
}

// timing indexes the outer limits of a Timing (R4 search.html#date): its events
// and the period that bounds it. One without either has no date.
func (x *extraction) timing(param int32, n fhir.Node) bool {
	low, high, known := int64(AfterAll), int64(BeforeAll), false
	for e := range n.Get("event").All() {
		if e.Kind() == fhir.Null {
			continue
		}
		first, last, ok := DateRange(e.Text())
		if !ok {
			return false
		}
		low, high, known = min(low, first), max(high, last), true
	}
	first, last, bounded, ok := period(n.At("repeat", "boundsPeriod"))
	if bounded {
		low, high, known = min(low, first), max(high, last), true
	}
	x.addDate(Date{Param: param, Low: low, High: high}, known && ok)
	return ok
}
