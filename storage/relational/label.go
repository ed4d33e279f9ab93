package relational

import (
	"sluis/conformance"
	"sluis/fhir/index"
	"sluis/storage"
)

// labelRow is one effective label and where it came from.
type labelRow struct{ system, code, origin string }

// Origins that this package gives itself. Any other is that of Change.Labels.
const (
	receivedOrigin = "received" // in the body of the current version
	keptOrigin     = "kept"     // received once, and missing from a later body
)

// effective is the labels of a resource after a change: those in the body, those
// that this change adds, those that were added before, and, unless they may be
// lowered, those that were received before.
func effective(c *storage.Change, before []labelRow) []labelRow {
	var out []labelRow
	have := map[labelRow]bool{}
	bare := map[labelRow]bool{}
	add := func(l labelRow) {
		if !have[l] {
			have[l] = true
			bare[labelRow{l.system, l.code, ""}] = true
			out = append(out, l)
		}
	}
	for _, t := range received(c) {
		add(labelRow{key(t.System), key(t.Code), receivedOrigin})
	}
	for _, l := range c.Labels {
		add(labelRow{key(l.System), key(l.Code), clean(l.Origin)})
	}
	for _, l := range before {
		switch {
		case l.origin != receivedOrigin:
			add(l)
		case !c.LowerLabels && !bare[labelRow{l.system, l.code, ""}]:
			add(labelRow{l.system, l.code, keptOrigin})
		}
	}
	return out
}

// received are the labels in the body, as the index found them.
func received(c *storage.Change) []index.Token {
	var out []index.Token
	security := conformance.ParameterKey(c.Type, securityCode)
	for _, t := range c.Entries.Tokens {
		if t.Param == security && t.Code != "" {
			out = append(out, t)
		}
	}
	return out
}
