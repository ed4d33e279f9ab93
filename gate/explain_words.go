package gate

import (
	"fmt"
	"strings"

	"sluis/consent"
	"sluis/fhir"
)

// Language is a language that Words are in.
type Language string

// The languages.
const (
	Dutch   Language = "nl"
	English Language = "en"
)

// Words is the explanation in sentences, the decision first.
func (e Explanation) Words(l Language) []string {
	out := []string{e.headline(l)}
	for _, s := range e.Steps {
		if line := s.words(l); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// verbs are what the actions are called.
var verbs = map[Language]map[consent.Action]string{
	English: {consent.Access: "see", consent.Collect: "record", consent.Correct: "change", consent.Disclose: "disclose", consent.Use: "use"},
	Dutch:   {consent.Access: "inzien", consent.Collect: "vastleggen", consent.Correct: "wijzigen", consent.Disclose: "verstrekken", consent.Use: "gebruiken"},
}

func (e Explanation) headline(l Language) string {
	q := e.Question
	who, may, target := q.User.String(), "may", q.target().String()
	purposes := strings.Join(q.Purposes, " ")
	if l == Dutch {
		may = map[string]string{SaysPermit: "mag", SaysDeny: "mag niet", SaysPart: "mag ten dele"}[e.Effect]
		if q.User.IsZero() {
			who = "Het systeem"
		}
		if !q.Patient.IsZero() {
			target = "de gegevens van " + target
		}
		return fmt.Sprintf("%s van Organization/%s %s %s: %s%s.", who, q.Organization, may, verbs[l][q.Action], target, prefixed(", doel ", purposes))
	}
	switch e.Effect {
	case SaysDeny:
		may = "may not"
	case SaysPart:
		may = "may in part"
	}
	if q.User.IsZero() {
		who = "The system"
	}
	if !q.Patient.IsZero() {
		target = "the data of " + target
	}
	return fmt.Sprintf("%s of Organization/%s %s %s %s%s.", who, q.Organization, may, verbs[l][q.Action], target, prefixed(", purpose ", purposes))
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// says are the sentences of the steps but consents, in English and in Dutch.
var says = map[[2]string][2]string{
	{AtScope, SaysPermit}:     {"The scopes of the token reach it.", "De scopes van het token reiken tot hier."},
	{AtScope, SaysDeny}:       {"The scopes of the token do not reach it.", "De scopes van het token reiken niet tot hier."},
	{AtScope, SaysPart}:       {"The scopes of the token reach some types.", "De scopes van het token reiken tot sommige soorten gegevens."},
	{AtWriter, SaysDeny}:      {"Only the custodian's own system writes this.", "Alleen het eigen systeem van de bronhouder schrijft dit."},
	{AtKind, SaysDeny}:        {"Consents about privacy are shown to the patient and to privacy officers alone.", "Toestemmingen zijn alleen voor de patiënt en voor privacyfunctionarissen te zien."},
	{AtFloor, SaysPermit}:     {"The purpose of use can be permitted.", "Het doel kan worden toegestaan."},
	{AtFloor, SaysDeny}:       {"No consent can permit this purpose of use.", "Geen toestemming kan dit doel toestaan."},
	{AtSubject, SaysPermit}:   {"It is about no patient: scopes alone decide.", "Het gaat niet over een patiënt: alleen scopes beslissen."},
	{AtSubject, SaysDeny}:     {"It is about no patient that is known, and not for this actor.", "Het gaat niet over een bekende patiënt en is niet voor deze partij."},
	{AtHolder, SaysPermit}:    {"The data are those of the actor's own custodian.", "Het zijn gegevens van de eigen bronhouder."},
	{AtHolder, SaysNothing}:   {"The data are another custodian's, so a consent must permit.", "Het zijn gegevens van een andere bronhouder; daarvoor moet een toestemming gelden."},
	{AtHolder, SaysDeny}:      {"The data are another custodian's: only its own people change them.", "Het zijn gegevens van een andere bronhouder; alleen die wijzigt ze."},
	{AtRelation, SaysPermit}:  {"There is a treatment relation.", "Er is een behandelrelatie."},
	{AtRelation, SaysDeny}:    {"There is no treatment relation in force.", "Er is geen geldende behandelrelatie."},
	{AtStrategy, SaysPermit}:  {"Together, the consents permit.", "Samen staan de toestemmingen het toe."},
	{AtStrategy, SaysDeny}:    {"Together, the consents deny.", "Samen weigeren de toestemmingen het."},
	{AtStrategy, SaysPart}:    {"Together, the consents permit a part.", "Samen staan de toestemmingen een deel toe."},
	{AtStrategy, SaysNothing}: {"Together, the consents grant nothing here.", "Samen staan de toestemmingen hier niets toe."},
	{AtImplicit, SaysPermit}:  {"Own data are for the own people, unless a consent denies.", "Eigen gegevens zijn voor de eigen medewerkers, tenzij een toestemming weigert."},
	{AtImplicit, SaysDeny}:    {"No consent is in force, so nobody else is let in.", "Er geldt geen toestemming, dus niemand anders mag erbij."},
	{AtOwn, SaysPermit}:       {"Data of the own custodian: yes.", "Gegevens van de eigen bronhouder: ja."},
	{AtOwn, SaysPart}:         {"Data of the own custodian: a part.", "Gegevens van de eigen bronhouder: een deel."},
	{AtOwn, SaysDeny}:         {"Data of the own custodian: no.", "Gegevens van de eigen bronhouder: nee."},
	{AtOthers, SaysPermit}:    {"Data of other custodians: yes.", "Gegevens van andere bronhouders: ja."},
	{AtOthers, SaysPart}:      {"Data of other custodians: a part.", "Gegevens van andere bronhouders: een deel."},
	{AtOthers, SaysDeny}:      {"Data of other custodians: no.", "Gegevens van andere bronhouders: nee."},
}

// words is the step as a sentence, or "" for one that says nothing. Provisions
// that do not speak of the request are left out, unless an operator must look.
func (s Step) words(l Language) string {
	if s.Gate == AtConsent {
		return s.consentWords(l)
	}
	i, alarm := 0, ""
	if l == Dutch {
		i = 1
	}
	if s.Alarm {
		alarm = " (!)"
	}
	line := says[[2]string{s.Gate, s.Effect}][i]
	if line != "" && s.Gate == AtStrategy {
		line = strings.TrimSuffix(line, ".") + " (" + s.Rule + ")."
	}
	return line + alarm
}

// effects are what a consent does, in words.
var effects = map[Language]map[string]string{
	English: {SaysPermit: "permits this", SaysDeny: "denies this", SaysNothing: "says nothing of this"},
	Dutch:   {SaysPermit: "staat dit toe", SaysDeny: "weigert dit", SaysNothing: "zegt hier niets over"},
}

func (s Step) consentWords(l Language) string {
	if s.Rule != "" && s.Effect == SaysNothing && !s.Alarm {
		return ""
	}
	line := consentName(s.Consent, l) + prefixed(", ", s.Rule) + ": " + effects[l][s.Effect]
	if l == English {
		line += prefixed(" (", s.Text)
		if s.Text != "" {
			line += ")"
		}
	}
	if s.Alarm {
		line += map[Language]string{English: "; it cannot be enforced as it was meant", Dutch: "; dit kan niet worden uitgevoerd zoals het bedoeld is"}[l]
	}
	return line + "."
}

func consentName(ref fhir.Ref, l Language) string {
	if ref.IsZero() {
		return map[Language]string{English: "The consents of the patient", Dutch: "De toestemmingen van de patiënt"}[l]
	}
	if l == Dutch {
		return fmt.Sprintf("Toestemming %s versie %d", ref.Latest(), ref.Version)
	}
	return fmt.Sprintf("%s version %d", ref.Latest(), ref.Version)
}
