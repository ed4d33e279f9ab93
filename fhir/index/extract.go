package index

import (
	"slices"
	"sync"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/path"
)

// IsColumn reports whether a parameter is answered from a column of the
// resource itself, so that it has no entries: its id and its time are given
// when it is stored.
func IsColumn(code string) bool { return code == "_id" || code == "_lastUpdated" }

// Extract finds the entries of a validated document by every searchable
// parameter of its type, by the pseudo parameters of conformance, and its
// subjects. Entries are sorted, each once: equal resources have equal entries.
//
// The error is an *fhir.Error: Unprocessable, naming each parameter whose value
// cannot be read (a date that no calendar has), or Internal when the type's
// expressions do not compile, which a test excludes for R4's.
func Extract(doc *fhir.Document) (Entries, error) {
	p, err := planOf(doc.Type())
	if err != nil {
		return Entries{}, err
	}
	x := extraction{entries: Entries{Type: doc.Type(), IsPatient: doc.Type() == "Patient"}}
	for _, r := range p.rules {
		for _, v := range r.program.Run(doc.Root()) {
			if !r.extract(&x, r.param.Key, v) {
				x.refuse(r.param)
			}
		}
	}
	for _, s := range p.subjects {
		for _, v := range s.Run(doc.Root()) {
			x.subject(v.Node)
		}
	}
	if x.refused != nil {
		return Entries{}, x.refused
	}
	x.entries.tidy()
	return x.entries, nil
}

// extraction collects the entries of one document.
type extraction struct {
	entries Entries
	refused *fhir.Error
}

func (x *extraction) refuse(p *conformance.Parameter) {
	if x.refused == nil {
		x.refused = &fhir.Error{Kind: fhir.Unprocessable}
	}
	x.refused.Issues = append(x.refused.Issues, fhir.Issue{
		Code:       "value",
		Details:    "what the search parameter " + p.Code + " selects is not a legal value of type " + string(p.Type),
		Expression: []string{p.Expression},
	})
}

// subject keeps the patient that a reference names literally. Any other
// reference makes nobody the subject: fail closed.
func (x *extraction) subject(reference fhir.Node) {
	ref, ok := fhir.ParseRef(reference.Get("reference").Text())
	if ok && ref.Type == "Patient" {
		x.entries.Subjects = append(x.entries.Subjects, ref.Latest())
	}
}

// plan is what Extract runs for one type.
type plan struct {
	rules    []rule
	subjects []*path.Program
}

type rule struct {
	param   *conformance.Parameter
	program *path.Program
	extract extractor
}

// extractor adds the entries of one value; false means that the value is not a
// legal one. What R4 leaves unindexed adds nothing and is true.
type extractor func(x *extraction, param int32, v path.Value) bool

var extractors = map[conformance.ParamType]extractor{
	conformance.TokenParam:     (*extraction).token,
	conformance.StringParam:    (*extraction).text,
	conformance.DateParam:      (*extraction).date,
	conformance.ReferenceParam: (*extraction).reference,
	conformance.NumberParam:    (*extraction).number,
	conformance.QuantityParam:  (*extraction).quantity,
	conformance.URIParam:       (*extraction).uri,
}

// plans compiles each type once, when it is first met.
var plans = sync.OnceValue(func() map[string]func() (*plan, error) {
	all := map[string]func() (*plan, error){}
	for _, name := range conformance.Types() {
		all[name] = sync.OnceValues(func() (*plan, error) { return compile(name) })
	}
	return all
})

func planOf(resourceType string) (*plan, error) {
	p, ok := plans()[resourceType]
	if !ok {
		return nil, fhir.NewError(fhir.Invalid, "structure", "not a resource type of R4", "resourceType")
	}
	return p()
}

func compile(name string) (*plan, error) {
	p := &plan{}
	params := slices.Concat(conformance.Pseudo(name), conformance.Searchable(name))
	for _, param := range params {
		if IsColumn(param.Code) {
			continue
		}
		program, err := path.Compile(param.Expression, name)
		if err != nil {
			return nil, fhir.Wrap(err, fhir.Internal, "exception", "the index of "+name+" cannot be made")
		}
		extract, ok := extractors[param.Type]
		if !ok {
			return nil, fhir.NewError(fhir.Internal, "exception", "no entries are defined for parameters of type "+string(param.Type))
		}
		p.rules = append(p.rules, rule{param, program, extract})
	}
	for _, param := range conformance.Subjects(name) {
		program, err := path.Compile(param.Expression, name)
		if err != nil {
			return nil, fhir.Wrap(err, fhir.Internal, "exception", "the subjects of "+name+" cannot be told")
		}
		p.subjects = append(p.subjects, program)
	}
	return p, nil
}
