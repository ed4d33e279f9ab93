package portal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluis/audit"
	"sluis/conformance/cast"
	"sluis/gate"
	"sluis/portal"
	"sluis/smart"
)

func TestPortal_nobodyGetsInWithoutASession(t *testing.T) {
	w := world(t)
	for _, session := range []string{"", "expired"} {
		b := open(t, w, w.Gate).as(session)
		if page := b.page("/"); !strings.Contains(page, `href="/login?return=%2Fportal%2F"`) || strings.Contains(page, "Jansen") {
			t.Errorf("the first page: %s", page)
		}
		for _, path := range []string{"/log", "/consents", "/data/results", "/nothing"} {
			got := b.send(http.MethodGet, path, nil)
			want := "/login?return=%2Fportal" + strings.ReplaceAll(path, "/", "%2F")
			if got.Code != http.StatusSeeOther || got.Header().Get("Location") != want {
				t.Errorf("%s: %d %q", path, got.Code, got.Header().Get("Location"))
			}
		}
		got := b.send(http.MethodPost, "/consents", map[string][]string{"organization": {"practice"}})
		if got.Code != http.StatusUnauthorized || got.Header().Get("Location") != "" {
			t.Errorf("a form without a session: %d %v", got.Code, got.Header())
		}
	}
	if got := open(t, w, w.Gate).as("gp").send(http.MethodGet, "/", nil); got.Code != http.StatusForbidden || strings.Contains(got.Body.String(), "Jansen") {
		t.Errorf("a practitioner: %d %s", got.Code, got.Body)
	}
}

func TestPortal_everyPageIsGuarded(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	for _, path := range []string{"/", "/consents", "/log", "/data/results", "/nothing", "/style.css"} {
		got := b.send(http.MethodGet, path, nil)
		csp := got.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", path, want, csp)
			}
		}
		if got.Header().Get("X-Content-Type-Options") != "nosniff" || got.Header().Get("Referrer-Policy") != "no-referrer" || got.Header().Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, got.Header())
		}
		if path != "/style.css" && got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", path)
		}
		for _, forbidden := range []string{"<script", "style=", "onclick", "<style", "javascript:"} {
			if strings.Contains(got.Body.String(), forbidden) {
				t.Errorf("%s holds %s", path, forbidden)
			}
		}
	}
	if got := b.send(http.MethodGet, "/nothing", nil); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "Deze bladzijde is er niet") {
		t.Errorf("what is not there: %d %s", got.Code, got.Body)
	}
}

// G5: the patient sees the union of all custodians, and of nobody else.
func TestG5_UnionOfThePatientAndNobodyElse(t *testing.T) {
	w := world(t)
	w.Create(w.System(w.Practice), `{"resourceType":"Condition","code":{"text":"<script>alert(1)</script>"},"subject":{"reference":"`+w.A.AtPractice.String()+`"}}`)
	b := open(t, w, w.Gate)
	home := b.text("/")
	for _, want := range []string{"Anna Jansen", "1 februari 1980", "Glucose", "5,40 x", "PHQ-9", "Heart rate", "Ziekenhuis aan de Sluis", "Praktijk De Kade", "1 maart 2026, 10:00"} {
		if !strings.Contains(home, want) {
			t.Errorf("the overview does not tell %q: %s", want, home)
		}
	}
	if conditions := b.page("/data/conditions"); strings.Contains(conditions, "<script") || !strings.Contains(conditions, "&lt;script&gt;") {
		t.Errorf("text of a record becomes markup: %s", conditions)
	}
	for _, kind := range []string{"results", "medication", "prescriptions", "conditions", "allergies", "encounters", "procedures", "immunizations", "reports", "documents"} {
		if page := b.page("/data/" + kind); strings.Contains(page, "Bram") || strings.Contains(page, w.B.AtHospital.ID) {
			t.Errorf("B's data in %s", kind)
		}
	}
	if other := b.as("b").text("/"); !strings.Contains(other, "Bram Jansen") || strings.Contains(other, "Anna") {
		t.Errorf("B sees %s", other)
	}
	if got := b.send(http.MethodGet, "/data/Observation", nil); got.Code != http.StatusNotFound {
		t.Errorf("a kind that is none: %d", got.Code)
	}
}

func TestPortal_pagesOfAListMeetTheWhole(t *testing.T) {
	w := world(t)
	hospital := w.System(w.Hospital)
	const more = 60
	for i := range more {
		w.Create(hospital, strings.Replace(cast.Observation(w.A.AtHospital, "2345-7", fmt.Sprintf("Number %03d", i), "1"), "2026-03-01", fmt.Sprintf("2025-01-%02d", 1+i%28), 1))
	}
	b := open(t, w, w.Gate)
	seen := map[string]int{}
	path := "/data/results"
	for path != "" {
		page := b.page(path)
		for i := range more {
			name := fmt.Sprintf("Number %03d", i)
			seen[name] += strings.Count(page, name)
		}
		path = ""
		if _, rest, found := strings.Cut(page, `rel="next" href="/portal`); found {
			path, _, _ = strings.Cut(rest, `"`)
		}
	}
	for i := range more {
		if name := fmt.Sprintf("Number %03d", i); seen[name] != 1 {
			t.Errorf("%s stands there %d times", name, seen[name])
		}
	}
	for _, place := range []string{"x", "AAAA", strings.Repeat("A", 80)} {
		if got := b.send(http.MethodGet, "/data/results?after="+place, nil); got.Code != http.StatusBadRequest {
			t.Errorf("a place made up: %d", got.Code)
		}
	}
}

// A representative sees and gives what the patient does, under an own name.
func TestPortal_representative(t *testing.T) {
	w := world(t)
	related := w.Create(w.System(w.Practice), `{"resourceType":"RelatedPerson","active":true,"patient":{"reference":"`+w.A.AtPractice.String()+`"},"name":[{"family":"Jansen"}]}`)
	b := serve(t, w.Gate, sessions{"a": grant(t, smart.Grant{User: related, Patient: w.A.AtPractice})})
	if home := b.text("/"); !strings.Contains(home, "Anna Jansen") || strings.Contains(home, "Bram") {
		t.Errorf("a representative sees %s", home)
	}
	b.post("/consents", b.giving("practice"), http.StatusSeeOther)
	if refs := w.Get(w.Professional(w.GP, w.Practice, "user/*.rs"), "/Observation").Refs(); len(refs) != 2 {
		t.Errorf("the GP sees %v", refs)
	}
	if log := open(t, w, w.Gate).text("/log"); !strings.Contains(log, "Een vertegenwoordiger toestemmingen toegevoegd") {
		t.Errorf("the patient reads %s", log)
	}
}

// silent is a log that cannot record.
type silent struct{ cast.Backend }

func (silent) Append(context.Context, []audit.Record) error {
	return errors.New("a secret of the database")
}

// Without a record nothing is shown, and nothing of the cause.
func TestPortal_nothingIsShownUnrecorded(t *testing.T) {
	w := world(t)
	c := w.Gate.Config
	c.Log = silent{w.Store}
	b := open(t, w, gate.New(c))
	for _, path := range []string{"/", "/consents", "/log", "/data/results"} {
		got := b.send(http.MethodGet, path, nil)
		if body := got.Body.String(); got.Code != http.StatusServiceUnavailable || strings.Contains(body, "Jansen") || strings.Contains(body, "secret") || strings.Contains(body, "Glucose") {
			t.Errorf("%s: %d %s", path, got.Code, body)
		}
	}
}

func TestNew_wantsItsWholeConfiguration(t *testing.T) {
	if _, err := portal.New(portal.Config{Gate: world(t).Gate}); err == nil {
		t.Error("half a configuration was taken")
	}
}
