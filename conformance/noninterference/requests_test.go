package noninterference

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sluis/conformance/cast"
	"sluis/fhir"
)

// request draws one request of any kind.
func (g *generator) request() request {
	kinds := []struct {
		weight int
		draw   func() request
	}{
		{30, g.searchRequest},
		{14, g.read}, {7, g.versionRead}, {9, g.history},
		{6, g.create}, {6, g.conditionalCreate}, {11, g.update}, {4, g.conditionalUpdate}, {4, g.remove}, {4, g.conditionalDelete},
		{6, g.bundle}, {6, g.log}, {5, g.malformed},
		{8, g.patch}, {3, g.conditionalPatch}, {6, g.compartment}, {10, g.operation}, {4, g.formatted},
	}
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	n := g.rng.IntN(total)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k.draw()
		}
	}
	return g.read()
}

func (g *generator) searchRequest() request {
	t := g.kind()
	if g.chance(12) {
		t = ""
	}
	query, path := g.search(t), strings.TrimSuffix("/"+t, "/")
	r := request{method: "GET", path: path + "?" + query}
	switch {
	case g.chance(15):
		r = request{method: "POST", path: path + "/_search", body: query, header: []string{"Content-Type", "application/x-www-form-urlencoded"}}
	case g.chance(5):
		r.method = "HEAD"
	}
	if g.chance(5) {
		r.header = append(r.header, "Prefer", "handling=lenient")
	}
	return r
}

func (g *generator) read() request {
	t := g.kind()
	r := request{method: pick(g, []string{"GET", "GET", "GET", "HEAD"}), path: "/" + t + "/" + g.id(t)}
	switch g.rng.IntN(5) {
	case 0:
		r.header = []string{"If-None-Match", fmt.Sprintf(`W/"%d"`, 1+g.rng.IntN(3))}
	case 1:
		r.header = []string{"If-Modified-Since", pick(g, []string{"Sun, 01 Mar 2026 08:04:00 GMT", "Mon, 02 Mar 2026 08:04:00 GMT"})}
	}
	return r
}

func (g *generator) versionRead() request {
	t := g.kind()
	return request{method: "GET", path: "/" + t + "/" + g.id(t) + "/_history/" + pick(g, []string{"1", "1", "2", "3", "99", "x", "0"})}
}

func (g *generator) history() request {
	t := g.kind()
	path := pick(g, []string{"/" + t + "/" + g.id(t) + "/_history", "/" + t + "/" + g.id(t) + "/_history", "/" + t + "/_history", "/_history"})
	var query []string
	if g.chance(60) {
		query = append(query, fmt.Sprintf("_count=%d", g.rng.IntN(7)))
	}
	if g.chance(30) {
		query = append(query, fmt.Sprintf("_since=2026-03-01T08:%02d:00Z", g.rng.IntN(30)))
	}
	return request{method: "GET", path: strings.TrimSuffix(path+"?"+strings.Join(query, "&"), "?")}
}

// log searches the log, as a patient may and as nobody may.
func (g *generator) log() request {
	if g.chance(15) {
		return request{method: pick(g, []string{"GET", "HEAD", "DELETE"}), path: "/AuditEvent/" + g.id("Patient")}
	}
	query := []string{"patient=" + pick(g, []string{nora.ID, nora.String(), nora.ID, g.id("Patient")})}
	for _, more := range []string{
		fmt.Sprintf("_count=%d", g.rng.IntN(20)), "_total=accurate", "action=" + pick(g, []string{"C", "R", "U", "D", "E"}), "outcome=" + pick(g, []string{"0", "4", "8"}),
		"date=ge2026-03-01T08:05:00Z", "agent=Organization/" + pick(g, []string{hospital, practice}), "_sort=" + pick(g, []string{"date", "-date"}),
		"entity=Patient/" + g.id("Patient"), "policy=https://profiles.ihe.net/ITI/PCF/Policy-basic-normal", "_include=AuditEvent:patient", "purpose=TREAT",
	} {
		if g.chance(18) {
			query = append(query, more)
		}
	}
	return request{method: "GET", path: "/AuditEvent?" + strings.Join(query, "&")}
}

// chartName names whom a new resource is about or points at: those seen, hidden,
// absent.
func (g *generator) chartName() string {
	return pick(g, []string{"nora-practice", "nora-practice", "nora-practice", "nora-hospital", "otto-practice", "otto-hospital", "pia-practice", "quinten-practice", "nobody"})
}

// body is a resource of the type, about anyone and pointing anywhere, under an
// id; "" leaves it out. What has an id stays by preference with its patient.
func (g *generator) body(t, id string) string {
	var body string
	name := g.chartName()
	if i := strings.LastIndexByte(id, '-'); i > 0 && g.chance(60) {
		name = id[:i]
	}
	switch t {
	case "Patient":
		body = patientRecord("x", pick(g, []string{noraBSN, ottoBSN, piaBSN, quintenBSN, "999990056"}), anyFlavour(g.rng))
	case "Consent":
		who := fhir.Ref{Type: "Patient", ID: name + "-patient"}
		body = cast.Permit(who, pick(g, []string{"elsewhere", hospital}))
		if g.chance(30) {
			body = strings.Replace(body, `"status":"active"`, `"status":"inactive"`, 1)
		}
	case "CareTeam":
		body = cast.Team("x", fhir.Ref{Type: "Practitioner", ID: pick(g, []string{"gp", "stranger", "specialist"})}, fhir.Ref{Type: "Patient", ID: name + "-patient"})
	default:
		of := slices.DeleteFunc(chart(name, g.chartName(), anyFlavour(g.rng)), func(b string) bool { return !strings.HasPrefix(refOf(b), t+"/") })
		if len(of) == 0 {
			return `{"resourceType":"` + t + `"}`
		}
		body = pick(g, of)
	}
	return withID(body, id)
}

func withID(body, id string) string {
	fields := object{}
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		panic(err) // this package wrote it
	}
	delete(fields, "id")
	if id != "" {
		fields["id"] = id
	}
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err) // it was JSON
	}
	return string(out)
}

// writable is a type to write: most are refused to somebody.
func (g *generator) writable() string {
	if g.chance(max(60, g.observations)) {
		return "Observation"
	}
	return pick(g, []string{"Condition", "MedicationRequest", "List", "DiagnosticReport", "Patient", "Consent", "CareTeam", "RelatedPerson", "Task", "Device", "Provenance", "Person", "Coverage"})
}

func (g *generator) create() request {
	t := g.writable()
	r := request{method: "POST", path: "/" + t, body: g.body(t, "")}
	if g.chance(30) {
		r.header = []string{"Prefer", "return=" + pick(g, []string{"minimal", "OperationOutcome", "representation"})}
	}
	return r
}

// condition is a search for the conditional interactions.
func (g *generator) condition(t string) string {
	if g.chance(35) {
		return "_id=" + g.id(t)
	}
	condition := g.criterion(t, true)
	for g.chance(40) {
		condition += "&" + g.criterion(t, true)
	}
	return condition
}

func (g *generator) conditionalCreate() request {
	t := g.writable()
	r := request{method: "POST", path: "/" + t, body: g.body(t, "")}
	r.header = []string{"If-None-Exist", g.condition(t)}
	return r
}

func (g *generator) update() request {
	t := g.writable()
	id := g.id(t)
	r := request{method: "PUT", path: "/" + t + "/" + id, body: g.body(t, id)}
	if g.chance(40) {
		r.header = []string{"If-Match", pick(g, []string{`W/"1"`, `W/"2"`, `W/"3"`, `W/"99"`})}
	}
	return r
}

func (g *generator) conditionalUpdate() request {
	t, id := g.writable(), ""
	if g.chance(30) {
		id = g.id(t)
	}
	return request{method: "PUT", path: "/" + t + "?" + g.condition(t), body: g.body(t, id)}
}

func (g *generator) remove() request {
	t := g.writable()
	return request{method: "DELETE", path: "/" + t + "/" + g.id(t)}
}

func (g *generator) conditionalDelete() request {
	t := g.writable()
	return request{method: "DELETE", path: "/" + t + "?" + g.condition(t)}
}

// bundle is a batch or transaction of what stands alone elsewhere. Its entries
// may refer to each other.
func (g *generator) bundle() request {
	atomic := g.chance(60)
	draws := []func() request{g.create, g.create, g.conditionalCreate, g.update, g.update, g.conditionalUpdate, g.remove, g.conditionalDelete, g.patch, g.conditionalPatch, g.compartment, g.read, g.versionRead, g.searchRequest, g.history}
	var entries list
	for i := range 1 + g.rng.IntN(4) {
		r := pick(g, draws)()
		for r.method == "HEAD" || strings.HasSuffix(r.path, "/_search") {
			r = pick(g, draws)()
		}
		entries = append(entries, entry(r, fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-00000000000%d", i)))
	}
	kind := map[bool]string{true: "transaction", false: "batch"}[atomic]
	body, err := json.Marshal(object{"resourceType": "Bundle", "type": kind, "entry": entries})
	if err != nil {
		panic(err) // maps of strings: cannot be
	}
	r := request{method: "POST", path: "", body: g.redirect(string(body))}
	if g.chance(20) {
		r.header = []string{"Prefer", "return=representation"}
	}
	return r
}

// redirect makes a reference point at what another entry makes, or at whatever a
// search finds.
func (g *generator) redirect(bundle string) string {
	from := pick(g, []string{"Observation/nora-practice-lab", "Observation/otto-practice-lab", "Encounter/otto-practice-encounter", nora.String()})
	to := "urn:uuid:00000000-0000-4000-8000-000000000000"
	if kind, _, _ := strings.Cut(from, "/"); g.chance(50) {
		to = kind + "?" + g.condition(kind)
	}
	if !g.chance(40) || strings.ContainsAny(to, `"\\`) {
		return bundle
	}
	return strings.Replace(bundle, `"reference":"`+from+`"`, `"reference":"`+to+`"`, 1)
}

func entry(r request, fullURL string) object {
	ask := object{"method": r.method, "url": strings.TrimPrefix(r.path, "/")}
	for i := 0; i+1 < len(r.header); i += 2 {
		switch r.header[i] {
		case "If-Match":
			ask["ifMatch"] = r.header[i+1]
		case "If-None-Exist":
			ask["ifNoneExist"] = r.header[i+1]
		}
	}
	out := object{"request": ask}
	if r.body != "" {
		out["resource"] = json.RawMessage(r.body)
		if r.method == "PATCH" {
			out["resource"] = patched(r.body)
		}
		out["fullUrl"] = fullURL
	}
	return out
}

// malformed is what no server should understand.
func (g *generator) malformed() request {
	t := g.kind()
	id := g.id(t)
	return pick(g, []request{
		{method: "POST", path: "/" + t, body: `{"resourceType":`},
		{method: "POST", path: "/" + t, body: `{"resourceType":"Nothing"}`},
		{method: "POST", path: "/" + t, body: `{"resourceType":"` + t + `","nonsense":1}`},
		{method: "POST", path: "", body: `{"resourceType":"Bundle","type":"collection"}`},
		{method: "PUT", path: "/" + t + "/" + id, body: `{"resourceType":"` + t + `","id":"other"}`},
		{method: "PUT", path: "/" + t + "/" + id, body: "[]"},
		{method: "PATCH", path: "/" + t + "/" + id, body: `[{"op":"test","path":"/status","value":"final"}]`},
		{method: "GET", path: "/" + t + "/" + id + "/$nothing"},
		{method: "POST", path: "/" + t + "/" + id + "/Observation"},
		{method: "GET", path: "/" + t + "/" + id + "/_history?_since=yesterday"},
		{method: "GET", path: "/" + t + "/" + id, header: []string{"Accept", "text/csv"}},
		{method: "PUT", path: "/" + t + "/" + id, body: g.body(t, id), header: []string{"If-Match", "1"}},
		{method: "PUT", path: "/" + t + "/" + id, body: g.body(t, id), header: []string{"Content-Type", "text/plain"}},
		{method: "DELETE", path: "/" + t + "/" + id + "/_history"},
		{method: "POST", path: "/" + t + "/" + id, body: g.body(t, id)},
		{method: "GET", path: "/" + strings.ToLower(t) + "/" + id},
		{method: "GET", path: "/" + t + "/..%2f" + id},
		{method: "GET", path: "/" + t + "?" + pick(g, wrong)},
		{method: "POST", path: "/AuditEvent", body: `{"resourceType":"AuditEvent"}`},
	})
}
