package storagetest

import (
	"fmt"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// indexed adds entries to those of the body.
func indexed(add func(e *index.Entries)) func(*storage.Change) {
	return func(c *storage.Change) { add(&c.Entries) }
}

// composites: the components of a value must meet in one element.
func composites(f *fixture) {
	code := &conformance.Parameter{Base: "Observation", Code: "pair$1", Type: conformance.TokenParam, Key: 1 << 20}
	size := &conformance.Parameter{Base: "Observation", Code: "pair$2", Type: conformance.QuantityParam, Key: 1<<20 + 1}
	pair := &conformance.Parameter{Base: "Observation", Code: "pair", Type: conformance.CompositeParam, Parts: []*conformance.Parameter{code, size}}
	patient := f.create("Patient", patientBody)
	make := func(elements ...[2]any) fhir.Ref {
		return f.create("Observation", observation(patient), indexed(func(e *index.Entries) {
			for i, x := range elements {
				n := index.Element(i + 1)
				v := x[1].(float64)
				e.Tokens = append(e.Tokens, index.Token{Param: code.Key, Element: n, System: loinc, Code: x[0].(string)})
				e.Quantities = append(e.Quantities, index.Quantity{Param: size.Key, Element: n, Low: v - .5, High: v + .5, Value: v, Code: "mm"})
			}
		}))
	}
	value := func(c string, n float64) []query.Value {
		return []query.Value{{System: loinc, Code: c}, {Prefix: query.Gt, Number: n}}
	}
	a := make([2]any{"x", 10.}, [2]any{"y", 20.})
	b := make([2]any{"x", 20.}, [2]any{"y", 10.})
	c := make()
	search := func(values ...[]query.Value) query.Expr { return query.Composite{Param: pair, Values: values} }
	f.expect("x over 15", search(value("x", 15)), query.All{}, "Observation", b)
	f.expect("y over 15", search(value("y", 15)), query.All{}, "Observation", a)
	f.expect("x over 5", search(value("x", 5)), query.All{}, "Observation", a, b)
	f.expect("either", search(value("x", 15), value("y", 15)), query.All{}, "Observation", a, b)
	f.expect("neither", f.not(search(value("x", 15), value("y", 15))), query.All{}, "Observation", c)
	f.expect("with more", query.And(search(value("x", 5)), query.IDIs{IDs: []string{b.ID}}), query.All{}, "Observation", b)
	f.expect("hidden", search(value("x", 15)), f.without(b), "Observation")
	f.expect("missing", query.Missing{Param: pair}, query.All{}, "Observation", c)
	f.expect("of another type", search(value("x", 5)), query.All{}, "Patient")
}

// textSearch: all words of one of the alternatives, in the narrative or anywhere.
func textSearch(f *fixture) {
	make := func(narrative, content string) fhir.Ref {
		return f.create("Patient", patientBody, indexed(func(e *index.Entries) {
			e.Narrative, e.Content = strings.Fields(narrative), strings.Fields(content)
		}))
	}
	long := strings.Repeat("ä", 300)
	a := make("heart attack", "heart attack left o'neil "+long+"1")
	b := make("heart", "heart right "+long+"2")
	words := func(content bool, any ...string) query.Expr {
		w := query.Words{Content: content}
		for _, list := range any {
			w.Any = append(w.Any, strings.Fields(list))
		}
		return w
	}
	for _, c := range []struct {
		x    query.Expr
		want []fhir.Ref
	}{
		{words(false, "heart"), []fhir.Ref{a, b}}, {words(false, "attack heart"), []fhir.Ref{a}}, {words(false, "left"), nil},
		{words(true, "left"), []fhir.Ref{a}}, {words(true, "left", "right"), []fhir.Ref{a, b}}, {words(true, "left right"), nil},
		{words(true, "o'neil"), []fhir.Ref{a}}, {words(true, "neil"), nil}, {words(true, "hear"), nil}, {words(true, `"left`), nil},
		{words(true, long+"1"), []fhir.Ref{a}}, {words(true, long), nil}, {words(true, "OR"), nil},
		{f.not(words(false, "attack")), []fhir.Ref{b}},
		{query.And(words(false, "heart"), coded(f.param("Patient", "active"), "true")), nil},
		{query.Or(words(false, "attack"), query.IDIs{IDs: []string{b.ID}}), []fhir.Ref{a, b}},
	} {
		f.expect(fmt.Sprintf("%.80v", c.x), c.x, query.All{}, "Patient", c.want...)
	}
	f.expect("hidden", words(true, "heart"), f.without(a), "Patient", b)
	f.update(a, patientBody, indexed(func(e *index.Entries) { e.Narrative, e.Content = []string{"liver"}, []string{"liver"} }))
	f.expect("before an update", words(true, "attack"), query.All{}, "Patient")
	f.expect("after an update", words(false, "liver"), query.All{}, "Patient", a)
	f.delete(a)
	f.expect("deleted", words(false, "liver"), query.All{}, "Patient")
}

// places: within a distance on the sphere, also across the date line.
func places(f *fixture) {
	near := &conformance.Parameter{Base: "Location", Code: "near", Type: conformance.SpecialParam, Expression: "Location.position", Key: conformance.ParameterKey("Location", "near")}
	make := func(lat, lon float64) fhir.Ref {
		x, y, z := index.Vector(lat, lon)
		return f.create("Location", `{"resourceType":"Location","name":"x"}`, indexed(func(e *index.Entries) {
			e.Positions = []index.Position{{Param: near.Key, X: x, Y: y, Z: z}}
		}))
	}
	amsterdam, utrecht, suva := make(52.3731, 4.8922), make(52.0908, 5.1222), make(-18.1416, 178.4419)
	nowhere := f.create("Location", `{"resourceType":"Location","name":"x"}`)
	at := func(lat, lon, metres float64) query.Expr {
		return query.Near{Param: near, Points: []query.Point{{Latitude: lat, Longitude: lon, Metres: metres}}}
	}
	f.expect("34 km", at(52.0908, 5.1222, 34_000), query.All{}, "Location", utrecht)
	f.expect("36 km", at(52.0908, 5.1222, 36_000), query.All{}, "Location", utrecht, amsterdam)
	f.expect("across the date line", at(-18.1416, -179.5, 300_000), query.All{}, "Location", suva)
	f.expect("the whole earth", at(0, 0, 30_000_000), query.All{}, "Location", amsterdam, utrecht, suva)
	f.expect("not near", f.not(at(52, 5, 100_000)), query.All{}, "Location", suva, nowhere)
	f.expect("no position", query.Missing{Param: near}, query.All{}, "Location", nowhere)
	f.expect("hidden", at(52, 5, 100_000), f.without(utrecht), "Location", amsterdam)
}

// modifiers: texts and typed identifiers of tokens, ends of strings, paths of
// URIs, and value sets of thousands.
func modifiers(f *fixture) {
	code, identifier := f.param("Observation", "code"), f.param("Patient", "identifier")
	patient := f.create("Patient", patientBody, indexed(func(e *index.Entries) {
		e.Tokens = append(e.Tokens, index.Token{Param: identifier.OfTypeKey(), System: "http://type", Code: "MR|12345"})
	}))
	o := f.create("Observation", observation(patient), indexed(func(e *index.Entries) {
		e.Strings = append(e.Strings, index.String{Param: code.TextKey(), Folded: "heart rate", Exact: "Heart rate"})
	}))
	text := func(s string) query.Expr {
		return query.Compare{Param: code, Modifier: query.Text, Values: []query.Value{{Folded: s, Text: s}}}
	}
	f.expect(":text", text("heart"), query.All{}, "Observation", o)
	f.expect(":text of another", text("rate"), query.All{}, "Observation")
	ofType := func(system, code, value string) query.Expr {
		return query.Compare{Param: identifier, Modifier: query.OfType, Values: []query.Value{{System: system, Code: code, Text: value}}}
	}
	f.expect(":of-type", ofType("http://type", "MR", "12345"), query.All{}, "Patient", patient)
	f.expect(":of-type of another", ofType("http://type", "MR", "1234"), query.All{}, "Patient")
	f.expect(":of-type without a value", ofType("http://type", "MR", ""), query.All{}, "Patient")
	ends := query.Compare{Param: f.param("Patient", "family"), Modifier: query.EndsWith, Values: []query.Value{{Folded: "sen", Text: "sen"}}}
	f.expect("ew", ends, query.All{}, "Patient", patient)
	ends.Values[0].Folded = "xjansen"
	f.expect("ew, longer", ends, query.All{}, "Patient")
	f.paths()
	f.manyValues(o, code)
}

// paths: below and above by the segments of a URL.
func (f *fixture) paths() {
	var refs []fhir.Ref
	for _, url := range []string{"http://example.org/a", "http://example.org/a/b", "http://example.org/ab", "http://example.org/a/b/" + strings.Repeat("c", 2000)} {
		refs = append(refs, f.create("Patient", `{"resourceType":"Patient","meta":{"profile":["`+url+`"]}}`))
	}
	profile := func(m query.Modifier, url string) query.Expr {
		return query.Compare{Param: f.param("Patient", "_profile"), Modifier: m, Values: []query.Value{{Text: url}}}
	}
	f.expect(":below", profile(query.Below, "http://example.org/a"), query.All{}, "Patient", refs[0], refs[1], refs[3])
	f.expect(":below with a slash", profile(query.Below, "http://example.org/a/"), query.All{}, "Patient", refs[0], refs[1], refs[3])
	f.expect(":below more", profile(query.Below, "http://example.org/a/b/x"), query.All{}, "Patient")
	f.expect(":above", profile(query.Above, "http://example.org/a/b/x"), query.All{}, "Patient", refs[0], refs[1])
	f.expect(":above what is long", profile(query.Above, "http://example.org/a/b/"+strings.Repeat("c", 2000)+"/d"), query.All{}, "Patient", refs[0], refs[1], refs[3])
}

// manyValues: value sets of thousands, and predicates of as many parts.
func (f *fixture) manyValues(o fhir.Ref, code *conformance.Parameter) {
	values := make([]query.Value, 5000)
	for i := range values {
		values[i] = query.Value{System: loinc, Code: fmt.Sprint("c", i)}
	}
	f.expect("5,000 codes without it", query.Compare{Param: code, Values: values}, query.All{}, "Observation")
	values = append(values, query.Value{System: loinc, Code: "8867-4"})
	f.expect("5,000 codes and it", query.Compare{Param: code, Values: values}, query.All{}, "Observation", o)
	var parts, others []query.Expr
	for i := range 3000 { // SQLite takes no expression deeper than 1,000
		x := query.Expr(query.Custodian{ID: fmt.Sprint("c", i)})
		if i%20 == 0 {
			x = coded(code, fmt.Sprint("c", i))
		}
		parts, others = append(parts, x), append(others, f.not(x))
	}
	f.expect("3,000 alternatives", query.Or(append(parts, query.IDIs{IDs: []string{o.ID}})...), query.All{}, "Observation", o)
	f.expect("3,000 conditions", query.And(others...), query.All{}, "Observation", o)
	many := query.Compare{Param: f.param("Observation", "value-quantity")}
	for i := range 3000 {
		many.Values = append(many.Values, query.Value{Prefix: query.Gt, Number: float64(i)})
	}
	f.expect("3,000 quantities", many, query.All{}, "Observation")
}
