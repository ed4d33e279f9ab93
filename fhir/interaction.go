package fhir

import "time"

// Kind of interaction, by its name in the R4 value set
// http://hl7.org/fhir/restful-interaction (http.html#3.1.0).
type InteractionKind string

// The interactions that ParseInteraction can return.
const (
	Capabilities    InteractionKind = "capabilities"
	Read            InteractionKind = "read"
	VRead           InteractionKind = "vread"
	Update          InteractionKind = "update"
	Patch           InteractionKind = "patch"
	Delete          InteractionKind = "delete"
	Create          InteractionKind = "create"
	HistoryInstance InteractionKind = "history-instance"
	HistoryType     InteractionKind = "history-type"
	HistorySystem   InteractionKind = "history-system"
	SearchType      InteractionKind = "search-type"
	SearchSystem    InteractionKind = "search-system"
	Transaction     InteractionKind = "transaction" // or batch: the Bundle says which

	SearchCompartment InteractionKind = "search-compartment" // R4 http.html#vsearch
	Operation         InteractionKind = "operation"          // R4 operations.html
)

// Interaction is what is asked, free of HTTP.
type Interaction struct {
	Kind    InteractionKind
	Type    string // resource type, where there is one
	ID      string // logical id, where there is one
	Version int64  // VRead only
	// Compartment is the resource whose compartment is searched for resources of
	// Type; with Type "" for all (Patient/1/*).
	Compartment Ref
	// Operation is its name without the $; Type and ID say at which level.
	Operation string
	// Posted: an operation by POST, which alone may change anything.
	Posted bool

	Params []Param // the query in the order sent; for POST _search body and URL together

	// Preconditions, from headers or Bundle.entry.request.
	IfMatch     int64  // 0: none; or AnyVersion
	IfNoneExist string // create: a search, without the leading '?'
	Conditional bool   // update, patch or delete by search: Params hold it

	// Of a read: when the version or time is that one, only that it is unchanged
	// is told.
	IfNoneMatch     int64
	IfModifiedSince time.Time
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
