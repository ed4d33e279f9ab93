package conformance

import "hash/fnv"

// ParamType is the type of a SearchParameter (R4 search.html#ptypes).
type ParamType string

// The parameter types of R4.
const (
	TokenParam     ParamType = "token"
	StringParam    ParamType = "string"
	DateParam      ParamType = "date"
	ReferenceParam ParamType = "reference"
	NumberParam    ParamType = "number"
	QuantityParam  ParamType = "quantity"
	URIParam       ParamType = "uri"
	CompositeParam ParamType = "composite"
	SpecialParam   ParamType = "special"
)

// Parameter is one SearchParameter as it applies to one resource type.
type Parameter struct {
	Base       string // the resource type it applies to
	Code       string // its name in a URL
	URL        string // its canonical
	Type       ParamType
	Expression string   // FHIRPath, the part that concerns Base; "" for special ones
	Targets    []string // reference: the types it may point at
	Components []string // composite: the canonicals of its parts
	Key        int32    // ParameterKey(Base, Code): its name in the index

	// Parts are the components of a composite parameter, in order. Each is a
	// parameter of the same base: its Code is that of the composite with $ and its
	// place, its Expression is relative to an element that the composite selects,
	// unless it begins with the base.
	Parts []*Parameter
	of    string // of a component: the expression of the composite
}

// TextKey names the texts of a token parameter (:text) in the index, OfTypeKey
// its identifiers with their types (:of-type).
func (p *Parameter) TextKey() int32   { return ParameterKey(p.Base, p.Code+":text") }
func (p *Parameter) OfTypeKey() int32 { return ParameterKey(p.Base, p.Code+":of-type") }

// ParameterKey names a parameter in the index: FNV-1a over "Base.code". A test
// proves that no two of R4 share a key.
func ParameterKey(base, code string) int32 {
	h := fnv.New32a()
	h.Write([]byte(base + "." + code))
	return int32(h.Sum32())
}

// Pseudo parameters exist in the index only, for consent rules. No URL can name
// them.
const (
	CodedCode  = "~code"   // every Coding of the resource's code-like elements
	DatedCode  = "~date"   // its clinically relevant and recorded times
	AuthorCode = "~author" // who wrote, performed, recorded, asserted or requested it
	RefersCode = "~refers" // each resource it refers to in an element that no parameter of R4 reads
)
