package fhir

// Kind of interaction, by its name in the R4 value set
// http://hl7.org/fhir/restful-interaction (http.html#3.1.0).
type InteractionKind string

// The interactions that ParseInteraction can return.
const (
	Capabilities    InteractionKind = "capabilities"
	Read            InteractionKind = "read"
	VRead           InteractionKind = "vread"
	Update          InteractionKind = "update"
	Delete          InteractionKind = "delete"
	Create          InteractionKind = "create"
	HistoryInstance InteractionKind = "history-instance"
	HistoryType     InteractionKind = "history-type"
	HistorySystem   InteractionKind = "history-system"
	SearchType      InteractionKind = "search-type"
	SearchSystem    InteractionKind = "search-system"
	Transaction     InteractionKind = "transaction" // or batch: the Bundle says which
)

// Interaction is what is asked, free of HTTP.
type Interaction struct {
	Kind    InteractionKind
	Type    string  // resource type, where there is one
	ID      string  // logical id, where there is one
	Version int64   // VRead only
	Params  []Param // the query in the order sent; for POST _search body and URL together

	// Preconditions, from headers or Bundle.entry.request.
	IfMatch     int64  // 0: none
	IfNoneExist string // create: a search, without the leading '?'
	Conditional bool   // update or delete by search: Params hold it
}

// Param is one name=value of a query, percent-decoded.
type Param struct{ Name, Value string }

// Ref is the resource that the interaction names, if it names one.
func (ix Interaction) Ref() Ref {
	if ix.ID == "" {
		return Ref{}
	}
	return Ref{Type: ix.Type, ID: ix.ID, Version: ix.Version}
}
