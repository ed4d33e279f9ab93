package portal

import (
	"net/http"
	"strings"
)

// words are the texts of one language.
type words map[string]string

// language chooses Dutch unless the browser prefers English.
func language(r *http.Request) words {
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(strings.ToLower(part)), ";")
		switch {
		case strings.HasPrefix(tag, "en"):
			return english
		case strings.HasPrefix(tag, "nl"):
			return dutch
		}
	}
	return dutch
}

var dutch = words{
	"lang": "nl", "title": "Mijn dossier", "data": "Mijn gegevens", "consents": "Mijn toestemmingen", "log": "Wie heeft gekeken",
	"logout": "Uitloggen", "results": "Uitslagen en metingen", "medication": "Medicatie", "registered": "Bekend bij",
	"when": "Wanneer", "what": "Wat", "value": "Waarde", "holder": "Bewaard door", "born": "geboren",
	"given": "Gegeven op", "who": "Wie", "except": "Behalve", "status": "Status", "active": "geldig", "inactive": "ingetrokken",
	"withdraw": "Intrekken", "give": "Toestemming geven", "giveTo": "Mijn gegevens van elders mogen voor mijn behandeling worden ingezien door",
	"withPsychiatry": "ook wat als psychiatrie is aangemerkt", "giveNow": "Geef toestemming",
	"atOnce": "Intrekken werkt meteen: het eerstvolgende verzoek krijgt niets meer.",
	"by":     "Door", "action": "Handeling", "basis": "Grond", "outcome": "Uitkomst", "permitted": "toegestaan", "denied": "geweigerd",
	"older": "Ouder", "nothing": "Niets gevonden.", "yourself": "uzelf", "refused": "Dat ging niet", "back": "Terug",
	"patientsOnly": "Deze bladzijden zijn voor patiënten.", "formExpired": "Dit formulier is verlopen; ga terug en probeer het opnieuw.",
	"chooseOrganization": "Kies een organisatie.",
	"action.C":           "toegevoegd", "action.R": "ingezien", "action.U": "gewijzigd", "action.D": "verwijderd", "action.E": "opgezocht",
}

var english = words{
	"lang": "en", "title": "My record", "data": "My data", "consents": "My consents", "log": "Who looked",
	"logout": "Log out", "results": "Results and measurements", "medication": "Medication", "registered": "Known at",
	"when": "When", "what": "What", "value": "Value", "holder": "Kept by", "born": "born",
	"given": "Given on", "who": "Who", "except": "Except", "status": "Status", "active": "in force", "inactive": "withdrawn",
	"withdraw": "Withdraw", "give": "Give consent", "giveTo": "My data from elsewhere may be seen for my treatment by",
	"withPsychiatry": "also what is labelled as psychiatry", "giveNow": "Give consent",
	"atOnce": "Withdrawing works at once: the very next request gets nothing any more.",
	"by":     "By", "action": "Action", "basis": "Basis", "outcome": "Outcome", "permitted": "permitted", "denied": "denied",
	"older": "Older", "nothing": "Nothing found.", "yourself": "yourself", "refused": "That did not work", "back": "Back",
	"patientsOnly": "These pages are for patients.", "formExpired": "This form has expired; go back and try again.",
	"chooseOrganization": "Choose an organisation.",
	"action.C":           "added", "action.R": "read", "action.U": "changed", "action.D": "deleted", "action.E": "searched",
}
