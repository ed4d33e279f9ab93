package patch

import (
	"strconv"

	"sluis/fhir"
)

// Limits of one patch. Beyond them it is refused, never cut short.
const (
	maxOperations = 1000
	maxCopied     = 4 << 20 // bytes that all copy operations may add
	maxVisited    = 1 << 20 // elements that all paths may look at
)

// JSONMediaType is the media type of a JSON Patch (RFC 6902 §6).
const JSONMediaType = "application/json-patch+json"

// Patch is a patch document, read and not yet applied. It may be applied any
// number of times, also at once.
type Patch struct{ operations []operation }

// operation is one step of a patch.
type operation interface {
	apply(t *target) error
}

// target is the resource under change, and what the operations may still cost.
type target struct {
	root   *value
	copied int // bytes
	looked int // elements
}

// Apply returns the document with all operations done, in their order. Nothing
// of the document is changed. The error is an *fhir.Error of kind
// Unprocessable, or TooLarge, and names the operation that cannot be done; it
// repeats nothing of the document.
func (p Patch) Apply(doc *fhir.Document) ([]byte, error) {
	t := &target{root: received(doc.Root())}
	for i, o := range p.operations {
		if err := o.apply(t); err != nil {
			return nil, at(i, err)
		}
	}
	return t.root.append(make([]byte, 0, len(doc.Body())+256)), nil
}

// at says which operation an error is about, counted from 0 as R4 counts.
func at(i int, err error) error {
	e := &fhir.Error{Kind: fhir.KindOf(err), Issues: fhir.IssuesOf(err)}
	for j := range e.Issues {
		e.Issues[j].Details = "operation[" + strconv.Itoa(i) + "]: " + e.Issues[j].Details
	}
	return e
}

// malformed is an error of the patch document itself.
func malformed(text string) error { return fhir.NewError(fhir.Invalid, "invalid", text) }

// inapplicable is an error of a patch that the resource does not allow.
func inapplicable(text string) error { return fhir.NewError(fhir.Unprocessable, "processing", text) }

func tooCostly(text string) error { return fhir.NewError(fhir.TooLarge, "too-costly", text) }

// quote shows what a patch says, shortened.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strconv.Quote(s)
}
