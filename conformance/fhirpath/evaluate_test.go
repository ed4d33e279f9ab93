package fhirpath

import (
	"errors"
	"fmt"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

func document(t testing.TB, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// answer evaluates an expression; its error is the answer where there is one.
func answer(t testing.TB, focus Item, expression string) string {
	t.Helper()
	e, err := Parse(expression)
	if err != nil {
		return "syntax"
	}
	out, err := e.Evaluate(Scope{Focus: focus})
	switch {
	case errors.Is(err, ErrUnknown):
		return "unknown"
	case err != nil:
		return "error"
	}
	return fmt.Sprint(texted(out))
}

// TestR4 has what the official cases leave out: primitives with extensions,
// contained resources, R4's own functions and constants.
func TestR4(t *testing.T) {
	focus := Of(conformance.RootElement(document(t, `{"resourceType":"Patient","id":"p","active":true,
		"contained":[{"resourceType":"Organization","id":"o","name":"Org"}],
		"managingOrganization":{"reference":"#o"},
		"birthDate":"1970-01","_birthDate":{"extension":[{"url":"http://x.org/a","valueString":"b"}]},
		"name":[{"given":["A",null,"C"],"_given":[null,{"id":"g","extension":[{"url":"http://x.org/a","valueCode":"none"}]},null],"family":"F"}],
		"deceasedDateTime":"2020-01-01T10:00:00Z","multipleBirthInteger":2,
		"contact":[{"gender":"male","period":{"start":"2012","end":"2012-05"}}],
		"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`)))
	for expression, want := range map[string]string{
		"name.given.count()":                              "[3]",
		"name.given.where(hasValue()).count()":            "[2]",
		"name.given[1].hasValue()":                        "[false]",
		"name.given[1].extension('http://x.org/a').value": "[none]",
		"name.given[1].id":                                "[g]",
		"birthDate.extension.value":                       "[b]",
		"deceased is dateTime":                            "[true]",
		"deceased.ofType(dateTime) > @2019":               "[true]",
		"deceased.ofType(boolean)":                        "[]",
		"multipleBirth + 1":                               "[3]",
		"contact.type().name":                             "[BackboneElement]",
		"contact is BackboneElement":                      "[true]",
		"contained.type().name":                           "[Organization]",
		"managingOrganization.resolve().name":             "[Org]",
		"managingOrganization.resolve() is Organization":  "[true]",
		"Patient.active and DomainResource.active":        "[true]",
		"Organization.active":                             "[]",
		"text.`div`.htmlChecks()":                         "[true]",
		"contact.period.start <= contact.period.end":      "[]",
		"contact.period.start.lowBoundary() <= contact.period.end.highBoundary()": "[true]",
		"%resource.id = 'p' and %rootResource.id = 'p' and %context.id = 'p'":     "[true]",
		"%nothing":                       "error",
		"now()":                          "error",
		"contact.memberOf('http://x')":   "unknown",
		"conformsTo('http://x')":         "unknown",
		"name.nothing.empty()":           "[true]",
		"children().count() > 5":         "[true]",
		"descendants().ofType(code)":     "[male generated none]",
		"name.given = 'A'":               "[false]",
		"name.given.first() ~ 'a'":       "[true]",
		"'1' + 1":                        "error",
		"name.given & 'x'":               "error",
		"name.single().family":           "[F]",
		"name.given.single()":            "error",
		"2 'm' > 150 'cm'":               "[true]",
		"2 'm' > 1 'kg'":                 "[]",
		"1 year > 6 months":              "[true]",
		"name(":                          "syntax",
		"name..family":                   "syntax",
		"name.where()":                   "syntax",
		"'\\u00e9' = 'é'":                "[true]",
		"{} | 1 | 1":                     "[1]",
		"(1 | 'a' | 1.0 | true).count()": "[3]",
	} {
		if got := answer(t, focus, expression); got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

// TestMalformedDocuments_DoNotCrash evaluates over JSON that is no R4.
func TestMalformedDocuments_DoNotCrash(t *testing.T) {
	for _, body := range []string{
		`{"resourceType":"Patient","name":"x","birthDate":7,"contact":[[1]],"_name":[null],"active":{"a":1}}`,
		`{"resourceType":"Patient","name":[null,7,{"given":"x","_given":3}],"_active":{"extension":[1]}}`,
		`{"name":[{}]}`,
	} {
		focus := Of(conformance.RootElement(document(t, body)))
		for _, expression := range []string{"descendants().count()", "name.given", "birthDate > @2000", "contact.contact", "active.extension.url", "descendants() = descendants()", "descendants() ~ descendants()", "repeat(children()).toString()"} {
			answer(t, focus, expression)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{
		"name.where(use = 'official').given.first() & ' ' & name.family", "(1 | 2).aggregate($this + $total, 0) = 3",
		"birthDate + 7 days > @2020-01-01T10:00:00.000+01:00 and 4.5 'mg' ~ 4 'mg'", "iif(name.exists(), %resource.id.matches('[a-z]{1,4}'), {})",
		"descendants().where($this is Quantity or $this as code = 'x').select(toString().substring(1, 2).lower())",
		"name.sort(-family, given.first() desc).first().given.join(',').split(',').toChars().distinct()",
		"@T10:30.highBoundary() != 1.587.lowBoundary(2) xor -7 div 2 = 7 mod 2 implies `name`.empty()",
	} {
		f.Add(s)
	}
	focus := Of(conformance.RootElement(document(f, `{"resourceType":"Patient","id":"p","name":[{"given":["A","B"],"family":"F"}],"birthDate":"1970"}`)))
	f.Fuzz(func(t *testing.T, source string) {
		e, err := Parse(source)
		if err != nil {
			return
		}
		one, errOne := e.Evaluate(Scope{Focus: focus, Budget: NewBudget(20_000)})
		two, errTwo := e.Evaluate(Scope{Focus: focus, Budget: NewBudget(20_000)})
		if (errOne == nil) != (errTwo == nil) || fmt.Sprint(texted(one)) != fmt.Sprint(texted(two)) {
			t.Errorf("%q answers %v, %v and then %v, %v", source, texted(one), errOne, texted(two), errTwo)
		}
	})
}
