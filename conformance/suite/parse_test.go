package suite_test

import (
	"strings"
	"testing"

	"sluis/conformance/suite"
)

func TestParse_ReadsACase(t *testing.T) {
	g, err := suite.Parse("search.html/token.txt", `# a comment
given
create it
{"resourceType":"Patient",
 "active":true}

case a title  (search.html#token)
POST /Patient/_search
Prefer: handling=strict
form a={it}&b=c
= 200|201
= finds {it}
save next = json link[relation=next].url ~ (x.*)
GET {next}
skip 403|404
= 200
`)
	if err != nil {
		t.Fatal(err)
	}
	if g.Chapter != "search.html" || g.Name != "token" || len(g.Given) != 1 || len(g.Cases) != 1 {
		t.Fatalf("%+v", g)
	}
	if body := g.Given[0].Body; g.Given[0].Name != "it" || body != "{\"resourceType\":\"Patient\",\n \"active\":true}\n" {
		t.Errorf("given %q", body)
	}
	c := g.Cases[0]
	if c.Title != "a title" || c.Spec != "search.html#token" || c.Place != "search.html/token.txt:7" || len(c.Steps) != 2 {
		t.Fatalf("%+v", c)
	}
	s := c.Steps[0]
	if s.Method != "POST" || s.Target != "/Patient/_search" || s.Body != "a={it}&b=c" || len(s.Header) != 2 || len(s.Expect) != 2 || s.Save[0].Name != "next" {
		t.Errorf("%+v", s)
	}
	if s := c.Steps[1]; len(s.Skip) != 2 || s.Target != "{next}" {
		t.Errorf("%+v", s)
	}
}

// TestParse_RefusesWhatCouldPassUnseen: a line that is not understood, or that
// nobody checks, is never left out.
func TestParse_RefusesWhatCouldPassUnseen(t *testing.T) {
	const head = "case x  (http.html)\n"
	for _, tt := range []struct{ name, text, want string }{
		{"no case", "# nothing\n", "no case"},
		{"no paragraph", "case x\nGET /a\n= 200\n", ":1: a case has a title"},
		{"outside a case", "GET /a\n", ":1: a step outside any case"},
		{"given after a case", head + "GET /a\n= 200\ngiven\n", ":4: given stands once"},
		{"empty case", head, ":1: nothing is asked"},
		{"no expectation", head + "GET /a\n", ":2: the first expectation must be a status"},
		{"no status", head + "GET /a\n= empty\n", ":2: the first expectation must be a status"},
		{"unknown expectation", head + "GET /a\n= 200\n= nice\n", ":4: no such expectation"},
		{"unknown test", head + "GET /a\n= 200\n= json a equals 1\n", ":4: "},
		{"value that is no JSON", head + "GET /a\n= 200\n= json a is b\n", ":4: "},
		{"bad pattern", head + "GET /a\n= 200\n= json a ~ (\n", ":4: "},
		{"bad count", head + "GET /a\n= 200\n= pages many\n", ":4: "},
		{"unknown word", head + "GET /a\n= 200\nexpect 200\n", ":4: not understood"},
		{"word before a step", head + "= 200\n", ":2: not understood"},
		{"lower-case method", head + "get /a\n= 200\n", ":2: not understood"},
		{"space in a target", head + "GET /a b\n= 200\n", ":2: a request has one target"},
		{"header after the body's end", head + "GET /a\n\nPrefer: x\n= 200\n", ":4: not understood"},
		{"unknown variable", head + "GET /{it}\n= 200\n", ":2: {it} has no value here"},
		{"variable of a later step", head + "GET /{it}\n= 200\ncreate it\n{\"resourceType\":\"Patient\"}\n", ":2: {it} has no value here"},
		{"variable of another case", head + "GET /a\n= 200\nsave v = body\n" + head + "GET /{v}\n= 200\n", ":6: {v} has no value here"},
		{"variable in an expectation", head + "GET /a\n= 200\n= finds {it}\n", ":2: {it} has no value here"},
		{"create of no resource", head + "create it\n{\"a\":1}\n", ":2: what is created"},
		{"create without a body", head + "create it\n= 201\n", ":2: what is created"},
		{"save of nothing", head + "GET /a\n= 200\nsave v\n", ":4: save NAME = SOURCE"},
		{"save of what is not", head + "GET /a\n= 200\nsave v = cookie x\n", ":4: a value comes from"},
		{"create of XML that is none", head + "create it\n<Patient>\n", ":2: what is created"},
		{"bad pattern of text", head + "GET /a\n= 200\n= body ~ (\n", ":4: "},
		{"xml that says nothing", head + "GET /a\n= 200\n= xml Patient.id\n", ":4: "},
		{"skip of no status", head + "GET /a\nskip always\n= 200\n", ":3: a status"},
	} {
		_, err := suite.Parse("a.html/b.txt", tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestParse_NamesEveryLineAtFault(t *testing.T) {
	_, err := suite.Parse("a.html/b.txt", "case x  (http.html)\nGET /a\n= 200\n= nice\n= nicer\n")
	if err == nil || strings.Count(err.Error(), "no such expectation") != 2 {
		t.Errorf("%v", err)
	}
}

func TestCases_AreAllUnderstood(t *testing.T) {
	titles := map[string]string{}
	for _, g := range cases(t) {
		for _, c := range g.Cases {
			if other, twice := titles[g.Chapter+g.Name+c.Title]; twice {
				t.Errorf("%s: the same title as %s", c.Place, other)
			}
			titles[g.Chapter+g.Name+c.Title] = c.Place
		}
	}
	if len(titles) < 650 {
		t.Errorf("only %d cases", len(titles))
	}
}

func TestSelect(t *testing.T) {
	groups := cases(t)
	for chapter, want := range map[string]string{"search": "search.html", "search.html": "search.html", "search.html/date": "search.html"} {
		got, err := suite.Select(groups, chapter)
		if err != nil || len(got) == 0 || len(got) == len(groups) {
			t.Errorf("%s: %d groups, %v", chapter, len(got), err)
		}
		for _, g := range got {
			if g.Chapter != want || chapter == "search.html/date" && g.Name != "date" {
				t.Errorf("%s: %s/%s", chapter, g.Chapter, g.Name)
			}
		}
	}
	if got, err := suite.Select(groups, ""); err != nil || len(got) != len(groups) {
		t.Errorf("no chapter: %d of %d, %v", len(got), len(groups), err)
	}
	if _, err := suite.Select(groups, "nonsense"); err == nil || !strings.Contains(err.Error(), "http.html, json.html") {
		t.Errorf("nonsense: %v", err)
	}
}

// FuzzParse: no text makes the parser panic, and what it accepts has a status
// for every request.
func FuzzParse(f *testing.F) {
	f.Add("case x  (http.html)\ncreate it\n{\"resourceType\":\"Patient\"}\nGET /{it}\n= 200\n= json a[0].b is 1\nsave v = header ETag ~ (.)\n")
	f.Add("given\nPAGES /a?b={group}\n= 200\nskip 1\ncase é  (a.html#b)\nform x\n= finds in order {x}")
	f.Add("case x  (async.html#async)\ncreate it\n<Patient xmlns=\"http://hl7.org/fhir\"/>\nUNTIL /{it}\nskip 404\n= 200\n= xml Patient.name[0]@id is \"a\"\n= body ~ <\n")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := suite.Parse("a.html/b.txt", text)
		if err != nil {
			return
		}
		for _, c := range g.Cases {
			for _, s := range c.Steps {
				if s.Name == "" && len(s.Expect) == 0 {
					t.Errorf("%s: nobody looks at the answer", s.Place)
				}
			}
		}
	})
}
