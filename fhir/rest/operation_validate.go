package rest

import (
	"strings"

	"sluis/fhir"
	"sluis/gate"
)

// validate answers $validate of a type or a resource (R4
// resource-operation-validate.html): 200 with an OperationOutcome, whatever it
// says of the resource.
func (x *exchange) validate(args arguments) ([]byte, error) {
	v, err := x.validation(args)
	if err != nil {
		return nil, err
	}
	issues, err := x.Gate.Validate(x.r.Context(), x.caller, v)
	if err != nil {
		return nil, err
	}
	if len(issues) == 0 {
		issues = allOK()
	}
	return outcome(issues), nil
}

// validation reads the arguments; the error names everything at fault.
func (x *exchange) validation(args arguments) (gate.Validation, error) {
	if err := args.known("resource", "mode", "profile"); err != nil {
		return gate.Validation{}, err
	}
	v := gate.Validation{Type: x.ix.Type, ID: x.ix.ID, Profiles: args.texts("profile")}
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(code, details, name string) {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
	}
	mode, err := args.text("mode")
	switch v.Mode = gate.Mode(mode); v.Mode {
	case gate.NoMode, gate.ToCreate, gate.AgainstProfile:
	case gate.ToUpdate, gate.ToDelete:
		if v.ID == "" {
			refuse("value", "this mode is about a resource: call it on one", "mode")
		}
	default:
		refuse("value", "not a mode of R4", "mode")
	}
	if err != nil {
		refuse("value", "given more than once", "mode")
	}
	if v.Mode == gate.AgainstProfile && len(v.Profiles) == 0 {
		refuse("required", "this mode needs a profile", "profile")
	}
	for _, p := range v.Profiles {
		if !strings.Contains(p, ":") {
			refuse("value", "a profile is named by its canonical", "profile")
		}
	}
	switch r, given := args.resource("resource"); {
	case given:
		if v.Resource, err = fhir.ParseDocument(r.Raw()); err != nil {
			refuse("structure", "the resource cannot be read", "resource")
		} else if v.Resource.Type() != x.ix.Type {
			refuse("value", "the resource is no "+x.ix.Type, "resource")
		}
	case v.ID == "":
		refuse("required", "a resource to validate is needed", "resource")
	}
	if len(bad.Issues) > 0 {
		return gate.Validation{}, bad
	}
	return v, nil
}
