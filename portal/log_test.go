package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
)

// L6: who looked, on which ground, in words; denials too.
func TestL6_WhoLookedInWords(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	gp, stranger := w.Professional(w.GP, w.Practice, "user/*.rs"), w.Professional(w.Stranger, w.Practice, "user/*.rs")
	given := w.Create(w.Patient(w.A, "patient/*.cruds"), cast.Permit(w.A.AtPractice, w.Practice))
	w.Get(gp, "/"+w.A.Reading.String()).Expect(http.StatusOK)
	w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
	w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
	w.Get(gp, "/"+w.A.Psychiatry.String()).Expect(http.StatusNotFound)
	w.Get(stranger, "/Observation?patient="+w.A.AtPractice.ID)
	w.Get(gp, "/"+w.B.Lab.String()).Expect(http.StatusNotFound)
	log := b.text("/log")
	for _, want := range []string{
		"Uzelf toestemmingen toegevoegd",
		"Praktijk De Kade, huisarts uitslagen en metingen ingezien – in het eigen dossier, voor behandeling",
		"Praktijk De Kade, huisarts uitslagen en metingen ingezien – met uw toestemming, voor behandeling 2 keer",
		"Praktijk De Kade, huisarts geweigerd uitslagen en metingen ingezien – u gaf er geen toestemming voor",
		"Praktijk De Kade, huisarts geweigerd uw gegevens opgezocht – er is geen behandelrelatie",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q: %s", want, log)
		}
	}
	if !strings.Contains(b.page("/log"), `href="/portal/consents#c-`+given.ID+`"`) || !strings.Contains(b.page("/consents"), `id="c-`+given.ID+`"`) {
		t.Error("the consent relied on is not linked")
	}
	for _, hidden := range []string{"http://", "https://", "2001:db8", "Observation", w.GP.String(), "Huisman", "test-client", "not permitted"} {
		if strings.Contains(b.page("/log"), hidden) {
			t.Errorf("the log tells %q", hidden)
		}
	}
	b.language = "en-GB,en;q=0.8,nl;q=0.5"
	if log := b.text("/log"); !strings.Contains(log, "Praktijk De Kade, general practitioner denied looked up your data – there is no treatment relation") {
		t.Errorf("in English: %s", log)
	}
	if other := b.as("b").page("/log"); strings.Contains(other, "your consent") || strings.Count(other, "tag no") != 1 {
		t.Errorf("B reads %s", other)
	}
}

func TestL6_LogIsFilteredAndPaged(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	gp := w.Professional(w.GP, w.Practice, "user/*.rs")
	const reads = 230
	for range reads {
		w.Get(gp, "/"+w.A.Reading.String()).Expect(http.StatusOK)
	}
	w.Get(w.Professional(w.Stranger, w.Practice, "user/*.rs"), "/"+w.A.Reading.String()).Expect(http.StatusNotFound)
	lines := 0
	for path := "/log?organization=practice"; path != ""; {
		page := b.page(path)
		lines += strings.Count(page, "uitslagen en metingen ingezien</li>")
		path = ""
		if _, rest, found := strings.Cut(page, `rel="next" href="/portal`); found {
			next, _, _ := strings.Cut(rest, `"`)
			path = strings.ReplaceAll(next, "&amp;", "&")
			if !strings.Contains(path, "organization=practice") {
				t.Fatalf("the next page forgets the filter: %s", path)
			}
		}
	}
	if lines != reads {
		t.Errorf("%d lines for %d reads", lines, reads)
	}
	if denied := b.text("/log?outcome=denied"); !strings.Contains(denied, "1 keer vastgelegd") || strings.Contains(denied, "230 keer") {
		t.Errorf("denied: %s", denied)
	}
	for query, want := range map[string]string{"from=2099-01-01": "0 keer", "to=2000-01-01": "0 keer"} {
		if log := b.text("/log?" + query); !strings.Contains(log, want+" vastgelegd") {
			t.Errorf("%s: %s", query, log)
		}
	}
	if hospital := b.text("/log?organization=hospital"); strings.Contains(hospital, "ingezien") || strings.Contains(hospital, "Uzelf") {
		t.Errorf("the hospital: %s", hospital)
	}
	for _, bad := range []string{"from=yesterday", "to=2026-13-01", "after=x"} {
		if got := b.send(http.MethodGet, "/log?"+bad, nil); got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, got.Code)
		}
	}
}

// The address is recorded without its port, for officers only.
func TestPortal_visitsAreRecorded(t *testing.T) {
	w := world(t)
	open(t, w, w.Gate).page("/data/results")
	record := w.Get(w.Supervisor(), "/AuditEvent?_count=50").Expect(http.StatusOK)
	for _, want := range []string{`"address":"2001:db8::7"`, `"portal"`} {
		if !strings.Contains(string(record.Body), want) {
			t.Errorf("no %s in %s", want, record.Body)
		}
	}
}
