package gate

import (
	"context"
	"slices"
	"strings"

	"sluis/conformance/profile"
	"sluis/consent"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// Validation is what is asked of Validate.
type Validation struct {
	Type, ID string         // ID "": no resource of the server is meant
	Resource *fhir.Document // nil: the one that is stored
	Mode     Mode
	Profiles []string // canonicals to hold it to, besides those it claims
}

// Mode is what the resource is meant for (R4 value set resource-validation-mode).
type Mode string

// The modes. NoMode asks only whether the resource is valid.
const (
	NoMode         Mode = ""
	ToCreate       Mode = "create"
	ToUpdate       Mode = "update"
	ToDelete       Mode = "delete"
	AgainstProfile Mode = "profile"
)

// Validate holds a resource to R4, to the profiles it claims and to those named,
// and, for a mode, to what this server asks of such a write (R4
// resource-operation-validate.html). Nothing is stored. Profiles and terminology
// are those of R4 and those uploaded that the caller may see; a resource that is
// named, or that is to be updated or deleted, must be one that the caller may
// read: what is hidden does not exist. References to other resources are not
// followed, so that validating tells nothing of them.
func (g *Gate) Validate(ctx context.Context, c Caller, v Validation) ([]fhir.Issue, error) {
	ev := event{action: "E", subtype: string(fhir.Operation), query: c.Raw}
	if !g.mayValidate(c, v.Type) {
		return nil, g.refused(ctx, c, pass{}, ev, forbidden("the token's scopes do not reach this"))
	}
	if v.ID != "" {
		stored, err := g.Read(ctx, c, fhir.Interaction{Kind: fhir.Read, Type: v.Type, ID: v.ID})
		if err != nil {
			return nil, err
		}
		if v.Resource == nil {
			if v.Resource, err = fhir.ParseDocument(stored.Body); err != nil {
				return nil, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
			}
		}
	} else if err := g.seen(ctx, c, pass{}, ev, storage.Page{}); err != nil {
		return nil, err
	}
	if v.Mode == ToDelete {
		return g.deletable(c, v), nil
	}
	var failed error
	issues := profile.NewLibrary(g.profiles(ctx, c, &failed)).Validate(v.Resource, profile.Request{
		Profiles: v.Profiles, Terminology: g.codes(ctx, c), At: g.at(),
	})
	if failed != nil {
		return nil, failed
	}
	return append(issues, g.writable(c, v, issues)...), nil
}

// mayValidate: whoever may do something with resources of a type may ask whether
// one is valid.
func (g *Gate) mayValidate(c Caller, t string) bool {
	return c.party() != consent.Nobody && slices.ContainsFunc(
		[]smart.Permissions{smart.ReadPermission, smart.CreatePermission, smart.UpdatePermission},
		func(p smart.Permissions) bool { return c.Grant.Allows(p, t) })
}

// profiles finds StructureDefinitions as the caller sees them. What could not be
// looked up is not the same as what is not there: failed keeps the error.
func (g *Gate) profiles(ctx context.Context, c Caller, failed *error) profile.Resolver {
	return func(canonical string) (*fhir.Document, bool) {
		url, version, _ := strings.Cut(canonical, "|")
		doc, err := g.byCanonical(ctx, c, "StructureDefinition", url, version)
		if err != nil {
			*failed = err
		}
		return doc, doc != nil && err == nil
	}
}

// writable is what stands against the write that the mode names, beyond what was
// found already.
func (g *Gate) writable(c Caller, v Validation, found []fhir.Issue) []fhir.Issue {
	ix := fhir.Interaction{Kind: fhir.Create, Type: v.Type}
	switch v.Mode {
	case ToUpdate:
		ix.Kind, ix.ID = fhir.Update, v.ID
	case ToCreate:
	default:
		return nil
	}
	_, err := g.plan(c, ix, func() (*fhir.Document, error) { return v.Resource, nil })
	against := issuesOf(err)
	if err == nil {
		against = Reservations(fhir.Resource{Type: v.Type, Body: v.Resource.Body()})
	}
	return slices.DeleteFunc(against, func(i fhir.Issue) bool {
		return slices.ContainsFunc(found, func(f fhir.Issue) bool { return f.Code == i.Code && slices.Equal(f.Expression, i.Expression) })
	})
}

func (g *Gate) deletable(c Caller, v Validation) []fhir.Issue {
	_, err := g.plan(c, fhir.Interaction{Kind: fhir.Delete, Type: v.Type, ID: v.ID}, nil)
	return issuesOf(err)
}

func issuesOf(err error) []fhir.Issue {
	if err == nil {
		return nil
	}
	return fhir.IssuesOf(err)
}
