package index

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/path"
)

// IsColumn reports whether a parameter is answered from a column of the
// resource itself, so that it has no entries: its id and its time are given
// when it is stored.
func IsColumn(code string) bool { return code == "_id" || code == "_lastUpdated" }

// Extractor makes the entries of resources by one set of definitions. It is safe
// for concurrent use. Make it once: it compiles each type when it is first met.
type Extractor struct {
	plans *plans
	base  Base
}

// NewExtractor makes an Extractor; with R4's own definitions, nil among them, all
// share what is compiled. References to URLs below base are those to resources
// here; the zero Base has none.
func NewExtractor(definitions *conformance.Definitions, base Base) *Extractor {
	if definitions == nil || definitions == conformance.R4() {
		return &Extractor{plansOfR4(), base}
	}
	return &Extractor{newPlans(definitions), base}
}

// Extract finds the entries of a validated document by every searchable
// parameter of its type, by the pseudo parameters of conformance, and its
// subjects. Entries are sorted, each once: equal resources have equal entries.
//
// The error is an *fhir.Error: Unprocessable, naming each of R4's parameters whose
// value cannot be read (a date that no calendar has), or Internal when the type's
// expressions do not compile, which a test excludes for R4's.
func (e *Extractor) Extract(doc *fhir.Document) (Entries, error) {
	p, err := e.plans.of(doc.Type())
	if err != nil {
		return Entries{}, err
	}
	room := scratches.Get().(*scratch)
	defer room.release()
	x := extraction{base: e.base, scratch: room}
	x.entries.Type, x.entries.IsPatient = doc.Type(), doc.Type() == "Patient"
	x.applyAll(p.rules, doc.Root(), false)
	x.refers(doc.Root()) // by R4's own parameters: those of an upload may go again
	x.applyAll(p.rules, doc.Root(), true)
	x.words(doc.Root())
	for _, s := range p.subjects {
		for _, v := range s.Run(doc.Root()) {
			x.subject(v.Node)
		}
	}
	if x.refused != nil {
		return Entries{}, x.refused
	}
	x.entries.tidy()
	return x.entries.exact(), nil
}

// extraction collects the entries of one document.
type extraction struct {
	*scratch
	base    Base
	refused *fhir.Error

	element Element // of the composite at hand, else 0

	textKey, typeKey int32 // keys of the token parameter at hand for its texts and identifiers; 0: none
}

// applyAll adds the entries of R4's parameters, or of the custom ones.
func (x *extraction) applyAll(rules []rule, root fhir.Node, custom bool) {
	for i := range rules {
		if rules[i].lenient == custom {
			x.apply(&rules[i], root)
		}
	}
}

// apply adds the entries of one parameter.
func (x *extraction) apply(r *rule, root fhir.Node) {
	x.textKey, x.typeKey = r.textKey, r.typeKey
	for i, v := range r.program.Run(root) {
		if len(r.parts) > 0 {
			x.composite(r, root, v, Element(i+1))
		} else if !r.extract(x, r.param.Key, v) && !r.lenient {
			x.refuse(r.param)
		}
	}
}

// composite adds the entries of the components of one element, when it has all
// of them. What no component could make sense of was refused already under the
// component's own parameter.
func (x *extraction) composite(r *rule, root fhir.Node, v path.Value, element Element) {
	values := make([][]path.Value, len(r.parts))
	for i, part := range slices.Backward(r.parts) { // the first is a code, which most have
		from := v.Node
		if part.absolute {
			from = root
		}
		if values[i] = part.program.Run(from); len(values[i]) == 0 {
			return
		}
	}
	x.element = element
	for i, part := range r.parts {
		for _, v := range values[i] {
			part.extract(x, part.param.Key, v)
		}
	}
	x.element = 0
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
	ref, ok := x.base.Ref(reference.Get("reference").Text())
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
	param            *conformance.Parameter
	program          *path.Program
	extract          extractor
	absolute         bool // a component that is read from the root
	lenient          bool // what is no legal value of a custom parameter is none of its values: the resource may be as R4 has it
	textKey, typeKey int32
	parts            []rule // of a composite
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
	conformance.SpecialParam:   (*extraction).position,
}

// plans compiles each type once, when it is first met.
type plans struct {
	byType map[string]func() (*plan, error)
}

var plansOfR4 = sync.OnceValue(func() *plans { return newPlans(conformance.R4()) })

func newPlans(definitions *conformance.Definitions) *plans {
	all := map[string]func() (*plan, error){}
	for _, name := range conformance.Types() {
		all[name] = sync.OnceValues(func() (*plan, error) { return compile(definitions, name) })
	}
	return &plans{all}
}

func (p *plans) of(resourceType string) (*plan, error) {
	plan, ok := p.byType[resourceType]
	if !ok {
		return nil, fhir.NewError(fhir.Invalid, "structure", "not a resource type of R4", "resourceType")
	}
	return plan()
}

func compile(definitions *conformance.Definitions, name string) (*plan, error) {
	p := &plan{}
	params := slices.Concat(conformance.Pseudo(name), definitions.Searchable(name))
	for _, param := range params {
		if IsColumn(param.Code) || param.Expression == "" { // a column, or words
			continue
		}
		r, err := ruleOf(param)
		if err != nil {
			return nil, fhir.Wrap(err, fhir.Internal, "exception", "the index of "+name+" cannot be made")
		}
		p.rules = append(p.rules, r)
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

// ruleOf compiles one parameter.
func ruleOf(param *conformance.Parameter) (rule, error) {
	program, err := path.Compile(param.Expression, param.Base)
	if err != nil {
		return rule{}, err
	}
	r := rule{param: param, program: program, extract: extractors[param.Type], lenient: param.Custom()}
	if param.Code == conformance.AuthorCode {
		r.extract = (*extraction).author
	}
	first, _, _ := strings.Cut(strings.TrimLeft(param.Expression, "("), ".")
	r.absolute = first == param.Base
	if param.Type == conformance.TokenParam && param.Code[0] != '~' {
		r.textKey, r.typeKey = param.TextKey(), param.OfTypeKey()
	}
	for _, part := range param.Parts {
		compiled, err := ruleOf(part)
		if err != nil {
			return rule{}, err
		}
		r.parts = append(r.parts, compiled)
	}
	if r.extract == nil && len(r.parts) == 0 {
		return rule{}, fmt.Errorf("index: no entries are defined for parameters of type %s", param.Type)
	}
	return r, nil
}

// Supports says why a parameter cannot be indexed, if it cannot: its expression
// is outside the subset of fhir/path, or its type has no entries.
func Supports(p *conformance.Parameter) error {
	_, err := ruleOf(p)
	return err
}
