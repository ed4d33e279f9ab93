package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
)

// consentsOf counts the patient's consents, whatever their status.
func consentsOf(w *cast.World, p cast.Person) int {
	return len(w.Get(w.Patient(p, "patient/*.rs"), "/Consent").Refs())
}

// A form counts only when it comes from a page of the very session.
func TestPortal_forgedFormsAreRefused(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	good := b.giving("practice")
	for name, token := range map[string]string{
		"no token": "", "a made-up token": "x", "B's token": b.as("b").giving("practice").Get("form"),
		"the token of another session of A": b.as("again").giving("practice").Get("form"),
	} {
		forged := url.Values{"form": {token}, "once": good["once"], "organization": {"practice"}}
		if got := b.send(http.MethodPost, "/consents", forged); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	for name, headers := range map[string][]string{
		"from another site": {"Sec-Fetch-Site", "cross-site"}, "of an old browser": {"Origin", "https://attacker.example"},
	} {
		if got := b.send(http.MethodPost, "/consents", good, headers...); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	if got := b.send(http.MethodGet, "/consents?"+good.Encode(), nil); got.Code != http.StatusOK {
		t.Errorf("GET: %d", got.Code)
	}
	if n := consentsOf(w, w.A); n != 0 {
		t.Fatalf("%d consents were given", n)
	}
	b.post("/consents", good, http.StatusSeeOther)
	path, form := b.withdrawing()
	form.Set("form", b.as("again").giving("hospital").Get("form"))
	b.post(path, form, http.StatusForbidden)
	if !strings.Contains(b.text("/consents"), "Intrekken") {
		t.Error("a forged withdrawal counted")
	}
}

func TestPortal_badFormsAreRefused(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	for name, value := range map[string]string{"organization": "elsewhere", "once": "x"} {
		form := b.giving("practice")
		form.Set(name, value)
		b.post("/consents", form, http.StatusBadRequest)
	}
	if got := b.send(http.MethodPost, "/consents", url.Values{"form": {strings.Repeat("x", 1<<17)}}); got.Code != http.StatusBadRequest {
		t.Errorf("a form without end: %d", got.Code)
	}
	if n := consentsOf(w, w.A); n != 0 {
		t.Errorf("%d consents were given", n)
	}
}

// S1, L3: what the form permits is exactly what opens, and withdrawal closes it
// for the next request.
func TestS1_L3_GivenHereAndWithdrawnHere(t *testing.T) {
	for _, psychiatry := range []bool{false, true} {
		t.Run(fmt.Sprintf("psychiatry %v", psychiatry), func(t *testing.T) {
			w := world(t)
			b := open(t, w, w.Gate)
			gp := w.Professional(w.GP, w.Practice, "user/*.rs")
			sees := func(when string, want int) {
				t.Helper()
				if refs := w.Get(gp, "/Observation").Refs(); len(refs) != want {
					t.Errorf("%s the GP sees %v, want %d", when, refs, want)
				}
			}
			sees("before", 1)
			form := b.giving("practice")
			opened, said := 2, "Praktijk De Kade mag voor uw behandeling gegevens inzien die anderen van u bewaren, behalve psychiatrie."
			if psychiatry {
				form.Set("psychiatry", "yes")
				opened, said = 3, "Praktijk De Kade mag voor uw behandeling gegevens inzien die anderen van u bewaren. gegeven"
			}
			b.post("/consents", form, http.StatusSeeOther)
			sees("given,", opened)
			page := b.text("/consents")
			if !strings.Contains(page, said) {
				t.Errorf("the page does not say %q: %s", said, page)
			}
			if strings.Contains(b.page("/consents"), `<option value="practice">`) {
				t.Error("a second consent can be given")
			}
			path, withdrawing := b.withdrawing()
			b.post(path, withdrawing, http.StatusSeeOther)
			sees("withdrawn,", 1)
			if page := b.text("/consents"); withdrawal.MatchString(b.page("/consents")) || !strings.Contains(page, "niet meer gelden (1)") || !strings.Contains(page, "ingetrokken") {
				t.Errorf("after: %s", page)
			}
		})
	}
}

// A form sent twice gives one consent, and one organisation has one at most:
// another would outlive its withdrawal.
func TestPortal_oneConsentForOneOrganisation(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	form := b.giving("practice")
	other := b.giving("practice")
	var sending sync.WaitGroup
	answers := make([]*httptest.ResponseRecorder, 4)
	for i := range answers {
		sending.Go(func() { answers[i] = b.send(http.MethodPost, "/consents", form) })
	}
	sending.Wait()
	for _, got := range answers {
		if got.Code != http.StatusSeeOther {
			t.Errorf("sent at once: %d %s", got.Code, visible(got.Body.String()))
		}
	}
	b.post("/consents", form, http.StatusSeeOther)
	b.post("/consents", other, http.StatusConflict)
	if n := consentsOf(w, w.A); n != 1 {
		t.Errorf("%d consents", n)
	}
}

// Only the version that was shown is withdrawn.
func TestPortal_changedInTheMeantime(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	app := w.Patient(w.A, "patient/*.cruds")
	ref := w.Create(app, cast.Permit(w.A.AtPractice, w.Practice))
	path, form := b.withdrawing()
	for name, version := range map[string]string{"none": "", "a word": "x", "none such": "0", "below": "-1"} {
		t.Log(name)
		b.post(path, url.Values{"form": form["form"], "version": {version}}, http.StatusBadRequest)
	}
	stored := string(w.Get(app, "/"+ref.String()).Body)
	w.Do(app, http.MethodPut, "/"+ref.String(), strings.Replace(stored, "2026-01-01", "2026-01-02", 1)).Expect(http.StatusOK)
	b.post(path, form, http.StatusConflict)
	if status := w.Get(app, "/"+ref.String()).Root().Get("status").Text(); status != "active" {
		t.Errorf("it is %s", status)
	}
	path, form = b.withdrawing()
	b.post(path, form, http.StatusSeeOther)
	b.post(path, form, http.StatusConflict)
}

// Another's consent answers as one that does not exist.
func TestPortal_anothersConsent(t *testing.T) {
	w := world(t)
	b := open(t, w, w.Gate)
	theirs := w.Create(w.Patient(w.B, "patient/*.cruds"), cast.Permit(w.B.AtPractice, w.Practice))
	form := url.Values{"form": {b.giving("practice").Get("form")}, "version": {"1"}}
	hidden := b.send(http.MethodPost, "/consents/"+theirs.ID+"/withdraw", form)
	absent := b.send(http.MethodPost, "/consents/aaaaaaaaaaaaaaaaaaaaaaaaaa/withdraw", form)
	if hidden.Code != http.StatusNotFound || hidden.Body.String() != absent.Body.String() {
		t.Errorf("%d %s", hidden.Code, hidden.Body)
	}
	if strings.Contains(b.page("/consents"), theirs.ID) {
		t.Error("B's consent is shown to A")
	}
}

// What the words cannot tell whole is not told in part.
func TestPortal_consentsThatSayMore(t *testing.T) {
	for name, edit := range map[string][2]string{
		"a data period":    {`"type":"permit",`, `"type":"permit","dataPeriod":{"start":"2025-01-01"},`},
		"a class":          {`"type":"permit",`, `"type":"permit","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Observation"}],`},
		"another purpose":  {`"code":"TREAT"`, `"code":"HRESCH"`},
		"a holder":         {`"policyRule":`, `"organization":[{"reference":"Organization/hospital"}],"policyRule":`},
		"an inner permit":  {`"type":"deny"`, `"type":"permit"`},
		"an inner purpose": {`"type":"deny",`, `"type":"deny","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}],`},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t)
			body := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), edit[0], edit[1], 1)
			w.Create(w.Patient(w.A, "patient/*.cruds"), body)
			page := open(t, w, w.Gate).text("/consents")
			if !strings.Contains(page, "zegt meer dan hier in woorden staat") || strings.Contains(page, "De Kade mag") || !strings.Contains(page, "Intrekken") {
				t.Error(page)
			}
		})
	}
	t.Run("a denial", func(t *testing.T) {
		w := world(t)
		body := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"type":"permit"`, `"type":"deny"`, 1)
		start, end := strings.Index(body, `,"provision":[`), len(body)-2
		w.Create(w.Patient(w.A, "patient/*.cruds"), body[:start]+body[end:])
		b := open(t, w, w.Gate)
		if page := b.text("/consents"); !strings.Contains(page, "Praktijk De Kade mag gegevens die anderen van u bewaren niet inzien") {
			t.Error(page)
		}
	})
}

// A consent past its period is not said to be in force, and bars no other.
func TestPortal_consentsPastTheirPeriod(t *testing.T) {
	w := world(t)
	app := w.Patient(w.A, "patient/*.cruds")
	for _, end := range []string{"2020", "2020-05", "2020-05-31", "2020-05-31T12:00:00+02:00"} {
		w.Create(app, strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"type":"permit",`, `"type":"permit","period":{"end":"`+end+`"},`, 1))
	}
	b := open(t, w, w.Gate)
	if page := b.page("/consents"); withdrawal.MatchString(page) || !strings.Contains(page, "verlopen") || !strings.Contains(page, "niet meer gelden (4)") {
		t.Error(page)
	}
	b.post("/consents", b.giving("practice"), http.StatusSeeOther)
	w.Create(app, strings.Replace(cast.Permit(w.A.AtPractice, w.Hospital), `"type":"permit",`, `"type":"permit","period":{"end":"2999"},`, 1))
	if page := b.text("/consents"); !strings.Contains(page, "niet meer gelden (4)") || !strings.Contains(page, "tot en met 2999") {
		t.Error(page)
	}
}
