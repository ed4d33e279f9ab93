package conformance

import _ "embed" // the file below

//go:embed data/structuredefinitions.gz
var structureDefinitions string

// StructureDefinitions is R4's resource and type definitions, its profiles and
// its extensions: gzip of lines, each a canonical, a tab and a StructureDefinition
// as far as validation reads it, a type with its snapshot, a profile with its
// differential. It lies in the binary; package profile reads it.
func StructureDefinitions() string { return structureDefinitions }
