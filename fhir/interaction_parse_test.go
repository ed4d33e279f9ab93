package fhir

import (
	"slices"
	"strings"
	"testing"
)

var someTypes = func(s string) bool { return slices.Contains([]string{"Patient", "Observation"}, s) }

func TestParseInteraction(t *testing.T) {
	for request, want := range map[string]Interaction{
		"GET /metadata":                           {Kind: Capabilities},
		"GET /metadata?mode=full":                 {Kind: Capabilities, Params: []Param{{"mode", "full"}}},
		"GET /Patient/1":                          {Kind: Read, Type: "Patient", ID: "1"},
		"GET Patient/1":                           {Kind: Read, Type: "Patient", ID: "1"},
		"GET /Patient/a%2Db.C":                    {Kind: Read, Type: "Patient", ID: "a-b.C"},
		"GET /Patient/metadata":                   {Kind: Read, Type: "Patient", ID: "metadata"},
		"GET /Patient/Patient":                    {Kind: Read, Type: "Patient", ID: "Patient"},
		"GET /Patient/1/_history/2":               {Kind: VRead, Type: "Patient", ID: "1", Version: 2},
		"PUT /Patient/1":                          {Kind: Update, Type: "Patient", ID: "1"},
		"PUT /Patient?identifier=x":               {Kind: Update, Type: "Patient", Conditional: true, Params: []Param{{"identifier", "x"}}},
		"DELETE /Patient/1":                       {Kind: Delete, Type: "Patient", ID: "1"},
		"DELETE /Patient?a=1&b=2":                 {Kind: Delete, Type: "Patient", Conditional: true, Params: []Param{{"a", "1"}, {"b", "2"}}},
		"POST /Patient":                           {Kind: Create, Type: "Patient"},
		"GET /Patient/1/_history?_since=2020":     {Kind: HistoryInstance, Type: "Patient", ID: "1", Params: []Param{{"_since", "2020"}}},
		"GET /Patient/_history":                   {Kind: HistoryType, Type: "Patient"},
		"GET /_history":                           {Kind: HistorySystem},
		"GET /Patient":                            {Kind: SearchType, Type: "Patient"},
		"GET /Patient?name=a&name=b":              {Kind: SearchType, Type: "Patient", Params: []Param{{"name", "a"}, {"name", "b"}}},
		"POST /Patient/_search?name=a&_count=5":   {Kind: SearchType, Type: "Patient", Params: []Param{{"name", "a"}, {"_count", "5"}}},
		"GET /?_type=Patient":                     {Kind: SearchSystem, Params: []Param{{"_type", "Patient"}}},
		"GET ?_type=Patient":                      {Kind: SearchSystem, Params: []Param{{"_type", "Patient"}}},
		"POST /_search?_type=Patient":             {Kind: SearchSystem, Params: []Param{{"_type", "Patient"}}},
		"POST /":                                  {Kind: Transaction},
		"POST ":                                   {Kind: Transaction},
		"PATCH /Patient/1":                        {Kind: Patch, Type: "Patient", ID: "1"},
		"PATCH /Patient?a=b":                      {Kind: Patch, Type: "Patient", Conditional: true, Params: []Param{{"a", "b"}}},
		"GET /$export":                            {Kind: Operation, Operation: "export"},
		"POST /Patient/$validate":                 {Kind: Operation, Operation: "validate", Type: "Patient", Posted: true},
		"GET /Patient/1/$everything?start=2020":   {Kind: Operation, Operation: "everything", Type: "Patient", ID: "1", Params: []Param{{"start", "2020"}}},
		"GET /Patient/1/_history/2/$meta":         {Kind: Operation, Operation: "meta", Type: "Patient", ID: "1", Version: 2},
		"GET /Patient/1/Observation?code=x":       {Kind: SearchCompartment, Type: "Observation", Compartment: Ref{Type: "Patient", ID: "1"}, Params: []Param{{"code", "x"}}},
		"GET /Patient/1/*":                        {Kind: SearchCompartment, Compartment: Ref{Type: "Patient", ID: "1"}},
		"POST /Patient/1/Observation/_search":     {Kind: SearchCompartment, Type: "Observation", Compartment: Ref{Type: "Patient", ID: "1"}},
		"GET /Patient/" + strings.Repeat("a", 64): {Kind: Read, Type: "Patient", ID: strings.Repeat("a", 64)},
	} {
		got, err := parseRequest(request)
		if err != nil || !sameInteraction(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", request, got, err, want)
		}
	}
}

func TestParseInteractionRefuses(t *testing.T) {
	for request, want := range map[string]struct {
		kind Kind
		code string
	}{
		"GET /Nothing":                                 {NotFound, "not-supported"},
		"GET /patient/1":                               {NotFound, "not-supported"},
		"GET /Nothing/!!":                              {NotFound, "not-supported"},
		"DELETE /Resource/1":                           {NotFound, "not-supported"},
		"GET /metadata/1":                              {NotFound, "not-supported"},
		"GET /_other":                                  {NotFound, "not-supported"},
		"GET //Patient":                                {NotFound, "not-supported"},
		"GET /Patient%2F1":                             {NotFound, "not-supported"},
		"GET /Patient/1/_history/2/3":                  {NotFound, "not-supported"},
		"GET /Patient/1/2":                             {NotFound, "not-supported"},
		"GET /Patient/1/_history/x":                    {NotFound, "not-found"},
		"GET /Patient/1/_history/0":                    {NotFound, "not-found"},
		"GET /Patient/1/_history/01":                   {NotFound, "not-found"},
		"GET /Patient/1/_history/99999999999999999999": {NotFound, "not-found"},
		"GET /Patient/1/_history/":                     {Invalid, "invalid"},
		"GET /Patient/1/_history/-_":                   {Invalid, "invalid"},
		"GET /Patient/":                                {Invalid, "invalid"},
		"GET /Patient/a_b":                             {Invalid, "invalid"},
		"GET /Patient/..%2F..":                         {Invalid, "invalid"},
		"GET /Patient/" + strings.Repeat("a", 65):      {Invalid, "invalid"},
		"GET /Patient/%zz":                             {Invalid, "invalid"},
		"GET /Patient/_history/2":                      {Invalid, "invalid"},
		"GET /Patient?a=%":                             {Invalid, "invalid"},
		"PUT /Patient":                                 {Invalid, "required"},
		"DELETE /Patient":                              {Invalid, "required"},
		"PATCH /Patient":                               {Invalid, "required"},
		"GET /$a/b":                                    {NotFound, "not-supported"},
		"GET /Patient/$a/b":                            {Invalid, "invalid"},
		"GET /Patient/1/$a/b":                          {NotFound, "not-supported"},
		"GET /Patient/1/Observation/2":                 {NotFound, "not-supported"},
		"PUT /Patient/1/Observation":                   {NotAllowed, "not-supported"},
		"GET /Patient/1/Observation/_search":           {NotAllowed, "not-supported"},
		"DELETE /Patient/$everything":                  {NotAllowed, "not-supported"},
		"POST /Patient/1":                              {NotAllowed, "not-supported"},
		"HEAD /Patient/1":                              {NotAllowed, "not-supported"},
		"get /Patient/1":                               {NotAllowed, "not-supported"},
		" /Patient/1":                                  {NotAllowed, "not-supported"},
		"POST /metadata":                               {NotAllowed, "not-supported"},
		"DELETE /":                                     {NotAllowed, "not-supported"},
		"GET /_search":                                 {NotAllowed, "not-supported"},
		"GET /Patient/_search":                         {NotAllowed, "not-supported"},
		"POST /Patient/_history":                       {NotAllowed, "not-supported"},
		"DELETE /Patient/1/_history/2":                 {NotAllowed, "not-supported"},
		"DELETE /Patient/1/_history":                   {NotAllowed, "not-supported"},
		"POST /_history":                               {NotAllowed, "not-supported"},
	} {
		ix, err := parseRequest(request)
		if err == nil || KindOf(err) != want.kind || IssuesOf(err)[0].Code != want.code {
			t.Errorf("%s: %+v, %v (kind %d), want kind %d %s", request, ix, err, KindOf(err), want.kind, want.code)
		}
	}
}

func parseRequest(request string) (Interaction, error) {
	method, target, _ := strings.Cut(request, " ")
	path, query, _ := strings.Cut(target, "?")
	return ParseInteraction(method, path, query, someTypes)
}

func sameInteraction(a, b Interaction) bool {
	same := slices.Equal(a.Params, b.Params)
	a.Params, b.Params = nil, nil
	return same && a.Kind == b.Kind && a.Ref() == b.Ref() && a.Type == b.Type && a.Conditional == b.Conditional &&
		a.Compartment == b.Compartment && a.Operation == b.Operation && a.Posted == b.Posted
}

func FuzzParseInteraction(f *testing.F) {
	f.Add("GET", "/Patient/1/_history/2", "a=b&c=%20")
	f.Add("PUT", "/Patient", "identifier=http%3A%2F%2Fx%7C1")
	f.Add("POST", "/", "")
	f.Add("GET", "/Patient/%2e%2e/$x", "%ff")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		ix, err := ParseInteraction(method, path, query, someTypes)
		if err != nil {
			if KindOf(err) == Internal || len(IssuesOf(err)[0].Details) > 300 {
				t.Fatalf("%v", err)
			}
			return
		}
		if ix.ID != "" && !IsID(ix.ID) || ix.Type != "" && !someTypes(ix.Type) || ix.ID != "" && ix.Type == "" {
			t.Fatalf("%q %q: %+v", method, path, ix)
		}
	})
}

func TestParseParams(t *testing.T) {
	for raw, want := range map[string][]Param{
		"":                      nil,
		"&&":                    nil,
		"b=2&a=1&b=1":           {{"b", "2"}, {"a", "1"}, {"b", "1"}},
		"a=1&":                  {{"a", "1"}},
		"a":                     {{"a", ""}},
		"a=":                    {{"a", ""}},
		"a=b=c":                 {{"a", "b=c"}},
		"name%3Aexact=Jan+Smit": {{"name:exact", "Jan Smit"}},
		"a=%2B%26%3D%25":        {{"a", "+&=%"}},
		"a=%C3%A9é":             {{"a", "éé"}},
		"a=1;b=2":               {{"a", "1;b=2"}},
		"code=http://x|y":       {{"code", "http://x|y"}},
	} {
		if got, err := ParseParams(raw); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", raw, got, err, want)
		}
	}
	for _, raw := range []string{"=x", "a=1&=", "a=%", "a=%1", "a=%zz", "%=1", "a=%ff", "a=%C3", "a=%00", "a%0A=1", "a=\x01", "a=%7F"} {
		if got, err := ParseParams(raw); KindOf(err) != Invalid || err == nil {
			t.Errorf("%q: %v, %v", raw, got, err)
		}
	}
}

func TestParseETag(t *testing.T) {
	for tag, want := range map[string]int64{`W/"3"`: 3, `"3"`: 3, ` W/"12" `: 12} {
		if got, err := ParseETag(tag); err != nil || got != want {
			t.Errorf("%s: %d, %v", tag, got, err)
		}
	}
	for tag, want := range map[string]Kind{
		"": Invalid, "*": Invalid, "3": Invalid, `W/3`: Invalid, `W/"1", W/"2"`: Invalid, `"`: Invalid, `w/"3"`: Invalid, `"3`: Invalid,
		`W/"a"`: Precondition, `W/"0"`: Precondition, `W/"03"`: Precondition, `W/"-1"`: Precondition, `W/"99999999999999999999"`: Precondition, `""`: Precondition,
	} {
		if got, err := ParseETag(tag); err == nil || KindOf(err) != want {
			t.Errorf("%s: %d, %v (kind %d), want kind %d", tag, got, err, KindOf(err), want)
		}
	}
}
