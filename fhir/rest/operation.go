package rest

import (
	"net/http"
	"slices"

	"sluis/fhir"
)

// operation is one row of the table of what can be called (R4
// operations.html): routing and the CapabilityStatement read it.
type operation struct {
	name       string
	definition string   // id of its OperationDefinition in R4, or a canonical
	types      []string // the types that have it; none: it stands at the system
	levels     levels
	post       bool                                       // it changes something, or takes a resource: by POST only
	serve      func(*exchange, arguments) ([]byte, error) // a resource
}

// levels is where an operation can be called.
type levels int

const (
	atSystem levels = 1 << iota
	atType
	atInstance
	atVersion
)

const operationDefinition = "http://hl7.org/fhir/OperationDefinition/"

// operations is the table: one row for each operation, its file beside it.
var operations = []operation{
	{name: "everything", definition: "Patient-everything", types: []string{"Patient"}, levels: atInstance, serve: (*exchange).everything},
	{name: "everything", definition: "Encounter-everything", types: []string{"Encounter"}, levels: atInstance, serve: (*exchange).everything},
	{name: "lastn", definition: "Observation-lastn", types: []string{"Observation"}, levels: atType, serve: (*exchange).lastN},
	{name: "match", definition: "Patient-match", types: []string{"Patient"}, levels: atType, post: true, serve: (*exchange).match},
	{name: "process-message", definition: "MessageHeader-process-message", levels: atSystem, post: true, serve: (*exchange).processMessage},
	{name: "validate", definition: "Resource-validate", types: []string{anyType}, levels: atType | atInstance, serve: (*exchange).validate},
	{name: "meta", definition: "Resource-meta", types: []string{anyType}, levels: atInstance | atVersion, serve: (*exchange).meta},
	{name: "meta-add", definition: "Resource-meta-add", types: []string{anyType}, levels: atInstance, post: true, serve: (*exchange).changeMeta},
	{name: "meta-delete", definition: "Resource-meta-delete", types: []string{anyType}, levels: atInstance, post: true, serve: (*exchange).changeMeta},
	{name: "expand", definition: "ValueSet-expand", types: []string{"ValueSet"}, levels: atType | atInstance, serve: (*exchange).terminology},
	{name: "validate-code", definition: "ValueSet-validate-code", types: []string{"ValueSet"}, levels: atType | atInstance, serve: (*exchange).terminology},
	{name: "validate-code", definition: "CodeSystem-validate-code", types: []string{"CodeSystem"}, levels: atType | atInstance, serve: (*exchange).terminology},
	{name: "lookup", definition: "CodeSystem-lookup", types: []string{"CodeSystem"}, levels: atType, serve: (*exchange).terminology},
	{name: "explain-access", definition: explainDefinition, levels: atSystem, serve: (*exchange).explainAccess},
	{name: "fileConsent", definition: fileConsentDefinition, types: []string{"Consent"}, levels: atType, post: true, serve: (*exchange).fileConsent},
	{name: "revokeConsent", definition: revokeConsentDefinition, types: []string{"Consent"}, levels: atInstance, post: true, serve: (*exchange).revokeConsent},
	{name: "recordDisclosure", definition: recordDisclosureDefinition, types: []string{"AuditEvent"}, levels: atType, post: true, serve: (*exchange).recordDisclosure},
	{name: "index-status", definition: indexStatusDefinition, types: []string{"SearchParameter"}, levels: atInstance, serve: (*exchange).indexStatus},
	{name: "subsumes", definition: "CodeSystem-subsumes", types: []string{"CodeSystem"}, levels: atType | atInstance, serve: (*exchange).terminology},
}

// anyType stands for all types in the table.
const anyType = "*"

// level is where the interaction calls.
func level(ix fhir.Interaction) levels {
	switch {
	case ix.Version > 0:
		return atVersion
	case ix.ID != "":
		return atInstance
	case ix.Type != "":
		return atType
	}
	return atSystem
}

// has reports whether the operation can be called there.
func (o operation) has(ix fhir.Interaction) bool {
	l := level(ix)
	return o.name == ix.Operation && o.levels&l != 0 &&
		(l == atSystem || slices.Contains(o.types, ix.Type) || slices.Contains(o.types, anyType) && ix.Type != "AuditEvent")
}

// find is the row that an interaction calls. An operation that is not known at
// all is 501, one that does not stand there 404, and one that changes something
// or takes a resource is called by POST only.
func find(ix fhir.Interaction) (operation, error) {
	i := slices.IndexFunc(operations, func(o operation) bool { return o.has(ix) })
	switch {
	case i >= 0 && operations[i].post && !ix.Posted:
		return operation{}, fhir.NewError(fhir.NotAllowed, "not-supported", "$"+ix.Operation+" is called by POST")
	case i >= 0:
		return operations[i], nil
	case slices.ContainsFunc(operations, func(o operation) bool { return o.name == ix.Operation }):
		return operation{}, fhir.NewError(fhir.NotFound, "not-supported", "$"+ix.Operation+" cannot be called here")
	}
	return operation{}, fhir.NewError(fhir.NotImplemented, "not-supported", "this operation is not supported")
}

// operation answers a call (R4 operations.html#executing).
func (x *exchange) operation() error {
	body, err := x.call()
	if err != nil {
		return err
	}
	x.write(http.StatusOK, body)
	return nil
}

// call is what the operation returns.
func (x *exchange) call() ([]byte, error) {
	o, err := find(x.ix)
	if err != nil {
		return nil, err
	}
	args, err := x.arguments()
	if err != nil {
		return nil, err
	}
	return o.serve(x, args)
}
