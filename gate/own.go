package gate

import (
	"sync"

	"sluis/conformance"
	"sluis/fhir/query"
)

// handwriting labels what a patient or a representative wrote. The label is kept
// beside the resource, so that no later body can take it away.
var handwriting = query.Coding{System: "urn:sluis:author", Code: "patient"}

// ownHand matches what a patient's own token may change: what was written with
// one, and consents about privacy and research, whoever recorded them. All else
// is its custodian's to change, also where that is the custodian of what
// patients write.
var ownHand = sync.OnceValue(func() query.Expr {
	written := query.Labelled{Labels: []query.Coding{handwriting}}
	scope, ok := conformance.Lookup("Consent", "scope")
	if !ok {
		return written
	}
	var scopes []query.Value
	for _, code := range []string{"patient-privacy", "research"} {
		scopes = append(scopes, query.Value{Raw: code, Code: code, AnySystem: true})
	}
	return query.Or(written, query.And(query.TypeIs{Types: []string{"Consent"}}, query.Compare{Param: scope, Values: scopes}))
})
