// Package xml turns a resource from R4's XML into its JSON and back (R4
// xml.html, json.html), along the tables of conformance.
//
// It owns the XML that FHIR uses: elements in the order of the definition,
// primitives in attributes, narrative as XHTML. Numbers and strings pass through
// as text, so that no digit is lost. Reading is strict and accepts less than XML:
// no document type, no entities but XML's own five, bounded nesting; what R4 does
// not know or orders otherwise is an issue with its line and FHIRPath location,
// all of them at once.
//
// It does not judge values: what it reads goes the way of every JSON body, through
// conformance.Validate.
//
// The one path through it: ToJSON at the door, FromJSON when an answer is
// rendered. What is stored is JSON.
package xml
