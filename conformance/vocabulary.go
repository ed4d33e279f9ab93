package conformance

import _ "embed" // the files below

// Library is resources as gen writes them: File is gzip of several members,
// each of resources, one a line; Index names for each canonical its version, the
// content of a CodeSystem (complete, fragment, ...) and the canonical of its
// implicit value set, and where it stands: the byte
// at which its member begins, and the line in it. Both lie in the binary and
// take no memory until they are read. Package terminology reads them.
type Library struct{ Index, File string }

//go:embed data/codesystems.tsv
var codeSystemIndex string

//go:embed data/codesystems.ndjson.gz
var codeSystemFile string

//go:embed data/valuesets.tsv
var valueSetIndex string

//go:embed data/valuesets.ndjson.gz
var valueSetFile string

// CodeSystems is the code systems of R4, those of HL7 v2 and v3 included.
func CodeSystems() Library { return Library{codeSystemIndex, codeSystemFile} }

// ValueSets is the value sets of R4, those of HL7 v2 and v3 included.
func ValueSets() Library { return Library{valueSetIndex, valueSetFile} }
