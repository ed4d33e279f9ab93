package conformance

import (
	"strings"
	"sync"
)

type contentTable struct {
	paths  map[string][]string // by type + pseudo code
	pseudo map[string][]*Parameter
}

// pseudoCode names the pseudo parameter of each type.
var pseudoCode = map[ParamType]string{TokenParam: CodedCode, DateParam: DatedCode, ReferenceParam: AuthorCode}

var loadContent = sync.OnceValue(func() contentTable {
	t := contentTable{map[string][]string{}, map[string][]*Parameter{}}
	for line := range lines("reviewed/content.txt") {
		f := strings.Split(line, "\t")
		t.paths[f[0]+"~"+f[1]] = append(t.paths[f[0]+"~"+f[1]], f[2])
	}
	for _, name := range Types() {
		for _, kind := range []ParamType{TokenParam, DateParam, ReferenceParam} {
			code := pseudoCode[kind]
			if paths := t.paths[name+code]; len(paths) > 0 {
				t.pseudo[name] = append(t.pseudo[name], &Parameter{
					Base: name, Code: code, Type: kind,
					Expression: strings.Join(paths, " | "),
					Key:        ParameterKey(name, code),
				})
			}
		}
	}
	return t
})

// Coded lists the elements that tell what a resource of the type is about, as
// FHIRPath expressions that yield CodeableConcepts and Codings. Elements that
// R4 nests in themselves (Composition.section.section) are covered at the first
// level only.
func Coded(resourceType string) []string { return loadContent().paths[resourceType+CodedCode] }

// Dated lists the elements that tell when it happened, was planned or was
// recorded, as FHIRPath expressions.
func Dated(resourceType string) []string { return loadContent().paths[resourceType+DatedCode] }

// Authored lists the elements that tell who wrote, performed, recorded, asserted
// or requested it, as FHIRPath expressions that yield References.
func Authored(resourceType string) []string { return loadContent().paths[resourceType+AuthorCode] }

// Pseudo lists the pseudo parameters CodedCode, DatedCode and AuthorCode that the
// type has, each the union of Coded, Dated or Authored. They are for the index and for consent
// rules; Lookup does not find them.
func Pseudo(resourceType string) []*Parameter { return loadContent().pseudo[resourceType] }
