package xml_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/xml"
)

const open = `<Patient xmlns="http://hl7.org/fhir">`

// Both forms of one resource with everything that is written differently in
// them.
func Example() {
	text := `<?xml version="1.0" encoding="UTF-8"?>
<Observation xmlns="http://hl7.org/fhir">
  <id value="o1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>7.10 &lt; 8</p></div></text>
  <contained><Patient><id value="p"/><birthDate id="b"><extension url="http://example.org/why"><valueCode value="unknown"/></extension></birthDate></Patient></contained>
  <status value="final"/>
  <code><text value="a &quot;b&quot;"/></code>
  <valueQuantity><value value="7.10"/></valueQuantity>
</Observation>`
	body, err := xml.ToJSON([]byte(text))
	fmt.Println(string(body), err)
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		fmt.Println(err)
	}
	back, err := xml.FromJSON(doc, false)
	fmt.Println(string(back), err)
	// Output:
	// {"resourceType":"Observation","id":"o1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>7.10 &lt; 8</p></div>"},"contained":[{"resourceType":"Patient","id":"p","_birthDate":{"id":"b","extension":[{"url":"http://example.org/why","valueCode":"unknown"}]}}],"status":"final","code":{"text":"a \"b\""},"valueQuantity":{"value":7.10}} <nil>
	// <?xml version="1.0" encoding="UTF-8"?><Observation xmlns="http://hl7.org/fhir"><id value="o1"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>7.10 &lt; 8</p></div></text><contained><Patient><id value="p"/><birthDate id="b"><extension url="http://example.org/why"><valueCode value="unknown"/></extension></birthDate></Patient></contained><status value="final"/><code><text value="a &quot;b&quot;"/></code><valueQuantity><value value="7.10"/></valueQuantity></Observation> <nil>
}

// xml.html: what is read, and what it becomes.
func TestToJSON_Reads(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"prefixes":                                    {`<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>`, `{"resourceType":"Patient","active":true}`},
		"a byte order mark, comments":                 {"\uFEFF<!-- a --><?pi x?>" + open + `<!-- b --><active value='true'/> </Patient><!-- c -->`, `{"resourceType":"Patient","active":true}`},
		"character references":                        {open + `<name><text value="&#x41;&#10;&lt;&amp;&apos;é"/></name></Patient>`, `{"resourceType":"Patient","name":[{"text":"A\n<&'é"}]}`},
		"white space in a value is spaces":            {open + "<name><text value=\" a\tb\r\nc \"/></name></Patient>", `{"resourceType":"Patient","name":[{"text":" a b c "}]}`},
		"null padding":                                {open + `<name><given value="a"/><given id="x"/><given value="c"><extension url="u:x"><valueString value="y"/></extension></given><given value="d"/></name></Patient>`, `{"resourceType":"Patient","name":[{"given":["a",null,"c","d"],"_given":[null,{"id":"x"},{"extension":[{"url":"u:x","valueString":"y"}]},null]}]}`},
		"only extensions":                             {open + `<name><given id="x"></given></name></Patient>`, `{"resourceType":"Patient","name":[{"_given":[{"id":"x"}]}]}`},
		"the namespace of the narrative from outside": {`<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml"><f:text><f:status value="empty"/><div class="x">y</div></f:text></f:Patient>`, `{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\" class=\"x\">y</div>"}}`},
		"narrative as it stands":                      {open + "<text><status value=\"empty\"/><div xmlns=\"http://www.w3.org/1999/xhtml\"> <p>\"a\"\r\n<b >c</b ><!-- d --></p>\t</div></text></Patient>", `{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"> <p>\"a\"\n<b >c</b ><!-- d --></p>\t</div>"}}`},
		"resources within resources":                  {`<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource><Parameters><parameter><name value="a"/><resource><Patient/></resource></parameter></Parameters></resource></entry></Bundle>`, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient"}}]}}]}`},
		"numbers keep their text":                     {`<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="-0.00E+05"/></valueQuantity></Observation>`, `{"resourceType":"Observation","valueQuantity":{"value":-0.00E+05}}`},
	} {
		got, err := xml.ToJSON([]byte(tc.in))
		if err != nil || string(got) != tc.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", name, got, err, tc.want)
		}
	}
}

// attacks.md D: no document types, entities, other encodings, or depths; what is
// no XML is said to be none.
func TestToJSON_Refuses(t *testing.T) {
	deep := strings.Repeat("<extension>", 500)
	for name, in := range map[string]string{
		"external entity":         `<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + open + `<id value="&x;"/></Patient>`,
		"billion laughs":          `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>` + open + `<id value="&b;"/></Patient>`,
		"external document type":  `<!DOCTYPE Patient SYSTEM "http://evil.example/x.dtd">` + open + `</Patient>`,
		"unknown entity":          open + `<id value="&nbsp;"/></Patient>`,
		"forbidden character":     open + `<id value="&#0;"/></Patient>`,
		"raw control character":   open + "<id value=\"\x01\"/></Patient>",
		"a surrogate":             open + `<id value="&#xD800;"/></Patient>`,
		"U+FFFE":                  open + `<id value="&#xFFFE;"/></Patient>`,
		"CDATA":                   open + `<![CDATA[x]]></Patient>`,
		"another encoding":        `<?xml version="1.0" encoding="ISO-8859-1"?>` + open + `</Patient>`,
		"XML 1.1":                 `<?xml version="1.1"?>` + open + `</Patient>`,
		"not UTF-8":               open + "<id value=\"\xff\"/></Patient>",
		"declaration in between":  open + `<?xml version="1.0"?></Patient>`,
		"too deep":                open + deep,
		"deep narrative":          open + `<text><div xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat("<b>", 500),
		"unclosed":                open + `<name>`,
		"wrongly closed":          open + `<name></Patient></name>`,
		"closed too often":        open + `</Patient></Patient>`,
		"two roots":               open + `</Patient>` + open + `</Patient>`,
		"text after":              open + `</Patient>x`,
		"nothing":                 ``,
		"no tag":                  `hello`,
		"half a tag":              `<Patient`,
		"undeclared prefix":       `<f:Patient/>`,
		"attribute twice":         open + `<id value="a" value="b"/></Patient>`,
		"namespace twice":         `<Patient xmlns="http://hl7.org/fhir" xmlns="http://hl7.org/fhir"/>`,
		"attribute without value": open + `<id value/></Patient>`,
		"attribute unquoted":      open + `<id value=a/></Patient>`,
		"attributes joined":       open + `<id value="a"id="b"/></Patient>`,
		"< in a value":            open + `<id value="<"/></Patient>`,
		"-- in a comment":         open + `<!-- -- --></Patient>`,
		"comment without end":     open + `<!-- `,
		"many attributes":         open + `<id ` + strings.Repeat(`a="" `, 5) + `/></Patient>`,
	} {
		got, err := xml.ToJSON([]byte(in))
		if fhir.KindOf(err) != fhir.Invalid {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// xml.html: every departure is named, with its line and expression, all at once.
func TestToJSON_NamesAllProblemsAtOnce(t *testing.T) {
	in := open + `
<active value="perhaps"/>
<id value="p"/>
<name><given value="a" lang="nl"/><given value=""/><given/><colour value="x"/></name>
<name xmlns="urn:other"><given value="b"/></name>
<gender value="male"/><gender value="male"/>
text
<text><status value="empty"/><div>x</div></text>
<contained><Nothing/></contained><contained/>
<contact/>
<multipleBirthInteger value="01"/>
<a:birthDate xmlns:a="urn:a" value="2020"/>
</Patient>`
	_, err := xml.ToJSON([]byte(in))
	if fhir.KindOf(err) != fhir.Unprocessable {
		t.Fatal(err)
	}
	var got []string
	for _, i := range fhir.IssuesOf(err) {
		got = append(got, i.Expression[0]+": "+i.Details)
	}
	want := []string{
		`Patient.active: "perhaps" is not a value of this type (line 2)`,
		`Patient.id: the order must be that of R4: id stands before active (line 3)`,
		`Patient.name[0].given[0]: unknown attribute "lang" (line 4)`,
		`Patient.name[0].given[1]: an attribute must not be empty (line 4)`,
		`Patient.name[0].given[2]: an element must have a value or an extension (line 4)`,
		`Patient.name[0].colour: unknown element "colour" (line 4)`,
		`Patient.name: "name" must be in the namespace http://hl7.org/fhir (line 5)`,
		`Patient.gender: gender may be given once (line 6)`,
		`Patient: text is not allowed here: values stand in attributes (line 8)`,
		`Patient.text: the order must be that of R4: text stands before gender (line 8)`,
		`Patient.text.div: "div" must be in the namespace http://www.w3.org/1999/xhtml (line 8)`,
		`Patient.contained[0]: "Nothing" is no resource type of R4 in the namespace http://hl7.org/fhir (line 9)`,
		`Patient.contained[1]: a resource is expected (line 9)`,
		`Patient.contact[0]: an element must not be empty (line 10)`,
		`Patient.multipleBirth: the order must be that of R4: multipleBirthInteger stands before contact (line 11)`,
		`Patient.multipleBirth: "01" is not a value of this type (line 11)`,
		`Patient.birthDate: "birthDate" must be in the namespace http://hl7.org/fhir (line 12)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := xml.ToJSON([]byte(open + strings.Repeat("<x/>", 1000) + "</Patient>")); len(fhir.IssuesOf(err)) != 200 {
		t.Errorf("%d issues", len(fhir.IssuesOf(err)))
	}
}

// What XML cannot hold is not written half.
func TestFromJSON_WritesNothingThatXMLCannotHold(t *testing.T) {
	for name, in := range map[string]string{
		"U+FFFF":                      "{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"a\uFFFFb\"}]}",
		"escaped":                     `{"resourceType":"Patient","name":[{"text":"a\ufffeb"}]}`,
		"an id beside a narrative":    `{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>","_div":{"id":"x"}}}`,
		"an element that R4 lacks":    `{"resourceType":"Patient","colour":"red"}`,
		"an unknown type":             `{"resourceType":"Nothing"}`,
		"no type":                     `{"active":true}`,
		"a data type as the resource": `{"resourceType":"HumanName","text":"x"}`,
	} {
		if got, err := xml.FromJSON(parsed(t, []byte(in)), false); err != xml.ErrNoXML {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if _, err := xml.FromJSON(parsed(t, []byte("{\"resourceType\":\"Patient\",\"name\":[{\"text\":\"a\uFFFDb\"}]}")), false); err != nil {
		t.Errorf("U+FFFD: %v", err)
	}
}

// FuzzToJSON: whatever comes, there is an answer, and what is read is JSON that
// can be written again and means the same. Seeds are in testdata/fuzz.
func FuzzToJSON(f *testing.F) {
	f.Add([]byte(open + `<name><given value="a"/><given id="x"/></name><active value="true"/></Patient>`))
	f.Add([]byte(`<f:Patient xmlns:f="http://hl7.org/fhir" xmlns="http://www.w3.org/1999/xhtml"><f:text><f:status value="empty"/><div class="x">y</div></f:text></f:Patient>`))
	f.Add([]byte(`<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient/></resource></entry></Bundle>`))
	f.Add([]byte(`<Patient xmlns="http://hl7.org/fhir"><name><given value="a"><extension url="&#x9;"/></given></name></Patient>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		body, err := xml.ToJSON(in)
		if err != nil {
			return
		}
		doc, err := fhir.ParseDocument(body)
		if err != nil {
			return // a control character in a narrative, or too deep
		}
		again, err := xml.FromJSON(doc, false)
		if err != nil {
			return
		}
		if len(conformance.Validate(doc)) > 0 {
			return
		}
		back, err := xml.ToJSON(again)
		if err != nil {
			t.Fatalf("%s\n%s\n%v", body, again, err)
		}
		if !bytes.Equal(body, back) {
			t.Fatalf("%s\n%s\n%s", body, again, back)
		}
	})
}

// FuzzFromJSON: every valid resource survives the way into XML and back.
func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}],"active":true}`))
	f.Add([]byte(`{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"_birthDate":{"extension":[{"url":"x","valueDecimal":1.50}]}}`))
	f.Add([]byte(`{"resourceType":"Observation","status":"final","code":{"text":" \t\n<>&\"'é😀 "},"valueQuantity":{"value":1E-5}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		doc, err := fhir.ParseDocument(in)
		if err != nil || len(conformance.Validate(doc)) > 0 {
			return
		}
		text, err := xml.FromJSON(doc, true)
		if err != nil {
			return
		}
		back, err := xml.ToJSON(text)
		if err != nil {
			t.Fatalf("%s\n%s\n%v", in, text, err)
		}
		if d := differ("", decode(t, in), decode(t, back)); d != "" {
			t.Fatalf("%s\n%s\n%s\n%s", d, in, text, back)
		}
	})
}

func BenchmarkXML(b *testing.B) {
	body := archive(b, "r4-examples/r4-examples-json.tgz")["Observation-f001.json"]
	var out bytes.Buffer
	if len(body) == 0 {
		b.Fatal("no example")
	}
	out.Write(body)
	text, err := xml.FromJSON(parsed(b, body), false)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("FromJSON", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xml.FromJSON(parsed(b, body), false); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ToJSON", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := xml.ToJSON(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
