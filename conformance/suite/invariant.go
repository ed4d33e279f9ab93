package suite

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// invariants hold for every answer of a FHIR endpoint, whatever was asked; each
// names the paragraph that demands it.
var invariants = []struct {
	rule  string
	holds func(*answer) error
}{
	{"a body is FHIR JSON or XML in UTF-8 and says so (http.html#mime-type)", mediaType},
	{"an error is told by an OperationOutcome (http.html#Status-Codes)", outcome},
	{"nothing in JSON is empty (json.html#json)", nothingEmpty},
	{"headers and meta name the same version (http.html#versioning)", sameVersion},
	{"a Bundle has what its type asks for (bundle.html#bundle)", bundle},
}

// invariant is the first rule that an answer breaks, and how.
func invariant(a *answer, base string) (rule string, err error) {
	if !strings.HasPrefix(a.target, base) || strings.Contains(a.target, "/.well-known/") || manifest(a) {
		return "", nil
	}
	for _, i := range invariants {
		if err := i.holds(a); err != nil {
			return i.rule, err
		}
	}
	return "", nil
}

// manifest reports whether an answer is that of a request answered later, which
// is no resource and lists its errors even where there are none (R4
// async.html#async).
func manifest(a *answer) bool {
	_, files := at(a.json, "output")
	return a.status == http.StatusOK && files && textAt(a.json, "transactionTime") != "" && strings.HasPrefix(a.header.Get("Content-Type"), "application/json")
}

var (
	fhirLines = regexp.MustCompile(`(?i)^application/fhir\+ndjson *(;.*)?$`)
	fhirJSON  = regexp.MustCompile(`(?i)^application/fhir\+json *(;.*)?$`)
	fhirXML   = regexp.MustCompile(`(?i)^application/fhir\+xml *(;.*)?$`)
	binary    = regexp.MustCompile(`/Binary/[^/]+(/_history/[^/]+)?$`) // comes as what it holds
)

func mediaType(a *answer) error {
	switch t := a.header.Get("Content-Type"); {
	case a.method == http.MethodHead || len(a.body) == 0:
		return nil
	case a.status < 300 && (binary.MatchString(a.target) || fhirLines.MatchString(t)):
		return nil
	case fhirXML.MatchString(t):
		if a.xml == nil || a.xml.XMLName.Space != "http://hl7.org/fhir" {
			return errors.New("the body is not one XML document of FHIR")
		}
		return nil
	case !fhirJSON.MatchString(t):
		return fmt.Errorf("Content-Type is %q", t)
	case a.json == nil:
		return errors.New("the body is not one JSON value")
	}
	return nil
}

// issueTypes is the value set http://hl7.org/fhir/ValueSet/issue-type of R4.
var issueTypes = strings.Fields(`invalid structure required value invariant security login unknown expired forbidden
	suppressed processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension
	too-costly business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational`)

var severities = []string{"fatal", "error", "warning", "information"}

func outcome(a *answer) error {
	if a.status < 400 || a.method == http.MethodHead {
		return nil
	}
	if kind := textAt(a.json, "resourceType"); a.xml == nil && kind != "OperationOutcome" || len(a.issues()) == 0 {
		return errors.New("there is none with an issue")
	}
	for _, i := range a.issues() {
		if s, c := textAt(i, "severity"), textAt(i, "code"); !slices.Contains(severities, s) || !slices.Contains(issueTypes, c) {
			return fmt.Errorf("an issue has severity %q and code %q", s, c)
		}
	}
	return nil
}

func nothingEmpty(a *answer) error { return notEmpty(a.json, "the body") }

func notEmpty(v any, path string) error {
	switch v := v.(type) {
	case string:
		if v == "" {
			return fmt.Errorf("%s is an empty string", path)
		}
	case []any:
		if len(v) == 0 {
			return fmt.Errorf("%s is an empty array", path)
		}
		for _, e := range v {
			if err := notEmpty(e, path); err != nil {
				return err
			}
		}
	case map[string]any:
		if len(v) == 0 {
			return fmt.Errorf("%s is an empty object", path)
		}
		for name, member := range v {
			if err := notEmpty(member, name); err != nil {
				return err
			}
		}
	}
	return nil
}

var weakTag = regexp.MustCompile(`^W/"([A-Za-z0-9.-]{1,64})"$`)

// sameVersion compares ETag with meta.versionId and Last-Modified with
// meta.lastUpdated, which HTTP gives to the second.
func sameVersion(a *answer) error {
	tag := a.header.Get("ETag")
	if m := weakTag.FindStringSubmatch(tag); tag != "" && m == nil {
		return fmt.Errorf("ETag %s is not weak or holds no id", tag)
	} else if v := textAt(a.json, "meta.versionId"); tag != "" && v != "" && v != m[1] {
		return fmt.Errorf("ETag is %s, meta.versionId %q", tag, v)
	}
	modified, updated := a.header.Get("Last-Modified"), textAt(a.json, "meta.lastUpdated")
	if modified == "" || updated == "" {
		return nil
	}
	header, err := http.ParseTime(modified)
	meta, err2 := time.Parse(time.RFC3339Nano, updated)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if !header.Equal(meta.Truncate(time.Second)) {
		return fmt.Errorf("Last-Modified is %s, meta.lastUpdated %s", modified, updated)
	}
	return nil
}

// bundle holds a Bundle to the invariants bdl-1 to bdl-8 as far as they concern
// its type.
func bundle(a *answer) error {
	if textAt(a.json, "resourceType") != "Bundle" {
		return nil
	}
	entry, known := map[string]func(any) error{
		"searchset":            searchEntry,
		"history":              historyEntry,
		"batch-response":       responseEntry,
		"transaction-response": responseEntry,
	}[textAt(a.json, "type")]
	if !known {
		return nil // a Bundle that was stored
	}
	seen := map[string]bool{}
	for i, e := range listAt(a.json, "entry") {
		if err := entry(e); err != nil {
			return fmt.Errorf("entry[%d] %w", i, err)
		}
		url := textAt(e, "fullUrl")
		if key := url + " " + textAt(e, "resource.meta.versionId"); url != "" && seen[key] && textAt(a.json, "type") == "searchset" {
			return fmt.Errorf("entry[%d] repeats %s", i, url)
		} else {
			seen[key] = true
		}
	}
	return selfLink(a)
}

func selfLink(a *answer) error {
	kind := textAt(a.json, "type")
	if strings.Contains(a.target, "/$") { // what an operation finds need not be a search
		return nil
	}
	if _, ok := at(a.json, "link[relation=self].url"); !ok && (kind == "searchset" || kind == "history") {
		return errors.New("there is no link self")
	}
	return nil
}

func searchEntry(e any) error {
	kind, id := textAt(e, "resource.resourceType"), textAt(e, "resource.id")
	switch mode := textAt(e, "search.mode"); {
	case kind == "":
		return errors.New("has no resource")
	case mode != "match" && mode != "include" && mode != "outcome":
		return fmt.Errorf("has search.mode %q", mode)
	case mode == "outcome":
		return nil
	case !strings.HasSuffix(textAt(e, "fullUrl"), "/"+kind+"/"+id):
		return fmt.Errorf("has fullUrl %q and holds %s/%s", textAt(e, "fullUrl"), kind, id)
	}
	return nil
}

func historyEntry(e any) error {
	_, held := at(e, "resource")
	switch method := textAt(e, "request.method"); {
	case method == "" || textAt(e, "request.url") == "" || textAt(e, "response.status") == "":
		return errors.New("does not say how the version came to be")
	case held == (method == http.MethodDelete):
		return fmt.Errorf("is a %s with a resource: %v", method, held)
	}
	return nil
}

var entryStatus = regexp.MustCompile(`^[1-5][0-9]{2}( .*)?$`)

func responseEntry(e any) error {
	if s := textAt(e, "response.status"); !entryStatus.MatchString(s) {
		return fmt.Errorf("has response.status %q", s)
	}
	return nil
}
