// Package suite is black-box conversations with a FHIR R4 server over HTTP,
// written from the specification, grouped by its pages, and runnable against any
// base URL.
//
// It owns the language of the cases, the cases themselves (cases/CHAPTER/*.txt),
// those that it makes of a server's own CapabilityStatement, the runner and the
// report. It knows nothing of the server under test: it imports the standard
// library alone, and reads JSON and XML for itself.
//
// The one path through it: Cases, and Target.Declared, give Groups; Target.Run
// plays them (run.go), sends each Step (exchange.go), holds its answer to the
// Expectations (expect.go, entries.go) and to what holds for every answer
// (invariant.go), and deletes what was made (clean.go); Report.Write tells it.
//
// # The language
//
// A file is one group of cases. "given" makes data that all its cases share; a
// case is a title, the paragraph that demands it, and steps:
//
//	given
//	create anna
//	{"resourceType":"Patient","identifier":[{"value":"{group}"}]}
//
//	case what was deleted is gone  (http.html#delete)
//	create it
//	{"resourceType":"Patient"}
//	DELETE /{it}
//	= 200|204
//	GET /{it}
//	= 404|410
//	= issue deleted|not-found
//
// A step is a request line, headers, a body, and what is expected:
//
//	METHOD TARGET     target below the base; / is the base; {variable} may hold a URL
//	PAGES TARGET      GET, then every next link; all pages are seen as one Bundle
//	UNTIL TARGET      GET, again and again until the answer is as expected
//	create NAME       POST of the body to its type; expects 201; NAME is Type/id, NAME.id the id
//	Name: value       a header; without a value it is not sent. Content-Encoding: gzip
//	                  packs the body
//	{…} […] "…" <…>   the body: lines that begin so, or with white space
//	form a=b&c=d      a form as the body
//	= EXPECTATION     see below; the first is a status
//	save NAME = header NAME [~ REGEXP] | json PATH [~ REGEXP] | xml PATH [~ REGEXP] | body
//	skip STATUS|…     answered so, the case cannot be asked of this server
//
// Expectations:
//
//	200|204                          the status
//	empty                            no body
//	header NAME TEST, json PATH TEST, xml PATH TEST, body TEST where TEST is one of
//	    is JSON, is not JSON, ~ REGEXP, !~ REGEXP, count N, present, absent
//	same JSON                        the whole body, by value and digits
//	finds A B, finds nothing         the matches of a Bundle, exactly, in any order
//	finds in order A B               and in this order
//	includes A B, includes nothing   the entries included with them
//	has A, lacks A                   among all entries
//	issue CODE|… [at EXPRESSION]     an error of the OperationOutcome; any is every code
//	warning CODE|… [at EXPRESSION]   a warning or information
//	pages N                          of PAGES
//
// A PATH is a.b[0].c or a[member=text].c; in XML Patient.name[0].family is the
// attribute value of that element, or what stands within it, and
// Patient.extension@url another attribute. A resource is named Type/id, one
// version Type/id/_history/n. Variables stand in braces; {base} is the server's,
// {group} and {case} are tokens that no other run has, so that a case finds its
// own data on a server that others use. Values are escaped in the query of a
// target and quoted in a REGEXP. Lines that begin with # are comments.
//
// A line that is not understood, a request whose status nobody looks at, a case
// without a paragraph and a variable without a value are errors of Parse.
package suite
