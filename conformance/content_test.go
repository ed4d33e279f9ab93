package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// notContent names the coded elements of subject types that content.txt leaves
// out, by their last name: they tell how, by whom, where or with what
// administration, not what. An element that is in neither list fails the test.
var notContent = strings.Fields(`
	achievementStatus action additive adjustmentReason admitSource allowed appliesTo appointmentType asNeeded
	assessment authorizationSupporting bodySite bodysite cancelationReason category chromosome clinicalStatus code
	condition courseOfTherapyType dataAbsentReason dietPreference dischargeDisposition doseStatus doseStatusReason
	emptyReason excludeFoodModifier exposureRoute fastingStatus flag fluidConsistencyType followUp
	foodPreferenceModifier forecastReason forecastStatus form formCode format function fundingSource fundsReserve
	fundsReserveRequested improvementNotation interpretation language laterality lifecycle location locationCode
	locationQualifier maritalStatus media medium method modifier network onAdmission orderedBy participantType
	payeeType performerType physicalType policyRule priority procedure product programEligibility purpose
	purposeOfEvent purposeOfUse qualification qualitativeRisk reAdmission reason referenceSeqId relationship
	reportOrigin revenue role route routeofAdministration scope securityLabel seriousness severity sex site
	sopClass specialArrangement specialCourtesy standardSequence statusReason subSite subpotentReason term type
	unit use value variantType verificationStatus view`)

// notDated is the same for times.
var notDated = strings.Fields(`
	benefitPeriod birthDate born dataPeriod date deceased due expirationDate onset period preAuthPeriod
	preAuthRefPeriod presentationDate publicationDate requestedPeriod schedule scheduled time validityPeriod value
	verificationDate when`)

// plainPath turns "(Observation.value as CodeableConcept)" into
// "Observation.value", "CodeableConcept".
func plainPath(expression string) (path, as string) {
	path, as, _ = strings.Cut(strings.Trim(expression, "()"), " as ")
	return path, as
}

// TestContentPathsExist follows every path through the structures to a coded or
// a timed type.
func TestContentPathsExist(t *testing.T) {
	coded, timed := []string{"CodeableConcept", "Coding"}, []primitive{dateType, dateTimeType, instantType}
	for _, name := range Types() {
		for _, x := range Coded(name) {
			f := follow(t, x)
			if f != nil && (f.to == nil || !slices.Contains(coded, f.to.name)) {
				t.Errorf("%s is not coded", x)
			}
		}
		for _, x := range Dated(name) {
			f := follow(t, x)
			if f != nil && !slices.Contains(timed, f.primitive) && (f.to == nil || f.to.name != "Period" && f.to.name != "Timing") {
				t.Errorf("%s is no time", x)
			}
		}
	}
}

// asked are elements with the name of an author that hold somebody who is asked
// to act, and of whom nothing tells that he did.
var asked = []string{"CarePlan.activity.detail.performer", "DeviceRequest.performer",
	"MedicationRequest.dispenseRequest.performer", "MedicationRequest.performer", "ServiceRequest.performer"}

// TestEveryAuthorIsReviewed proves that the elements that R4 names author,
// performer, recorder, asserter or requester are in the table, save those asked,
// and that what the table has are references.
func TestEveryAuthorIsReviewed(t *testing.T) {
	for name, s := range loadStructures() {
		root, _, _ := strings.Cut(name, ".")
		if Class(root) != SubjectClass {
			continue
		}
		authors := paths(Authored(root))
		for _, f := range s.fields {
			path := name + "." + f.name
			named := strings.HasSuffix(path, ".performer.actor") || slices.Contains([]string{"author", "performer", "recorder", "asserter", "requester"}, f.name)
			if named && f.to != nil && f.to.name == "Reference" && authors[path] == slices.Contains(asked, path) {
				t.Errorf("%s: in the table %v", path, authors[path])
			}
		}
	}
	for _, name := range Types() {
		for _, x := range Authored(name) {
			if f := follow(t, x); f != nil && (f.to == nil || f.to.name != "Reference") {
				t.Errorf("%s is no reference", x)
			}
		}
	}
}

func follow(t *testing.T, expression string) *field {
	t.Helper()
	path, as := plainPath(expression)
	names := strings.Split(path, ".")
	s, f := loadStructures()[names[0]], (*field)(nil)
	for i, name := range names[1:] {
		if i == len(names)-2 && as != "" {
			name += strings.ToUpper(as[:1]) + as[1:]
		}
		if f = s.fields[name]; f == nil {
			t.Errorf("%s: no element %s in %s", expression, name, s.name)
			return nil
		}
		if s = f.to; f.anyResource() {
			s = loadStructures()["Medication"]
		}
	}
	return f
}

// TestEveryCodedElementIsReviewed proves that each coded or timed element of a
// type with a subject is either content or left out by name.
func TestEveryCodedElementIsReviewed(t *testing.T) {
	leftCoded, leftDated := map[string]bool{}, map[string]bool{}
	for name, s := range loadStructures() {
		root, _, _ := strings.Cut(name, ".")
		if Class(root) != SubjectClass {
			continue
		}
		coded, dated := paths(Coded(root)), paths(Dated(root))
		for _, f := range s.fields {
			path := name + "." + f.name
			switch {
			case f.to != nil && (f.to.name == "CodeableConcept" || f.to.name == "Coding") && !coded[path]:
				leftCoded[f.name] = true
			case (f.primitive == dateType || f.primitive == dateTimeType || f.primitive == instantType ||
				f.to != nil && (f.to.name == "Period" || f.to.name == "Timing")) && !dated[path]:
				leftDated[f.name] = true
			}
		}
	}
	compare(t, "notContent", leftCoded, notContent)
	compare(t, "notDated", leftDated, notDated)
}

func compare(t *testing.T, list string, left map[string]bool, want []string) {
	t.Helper()
	got := slices.Sorted(maps.Keys(left))
	if !slices.Equal(got, want) {
		t.Errorf("%s should be:\n%s", list, strings.Join(got, " "))
	}
}

func paths(expressions []string) map[string]bool {
	out := map[string]bool{}
	for _, x := range expressions {
		path, _ := plainPath(x)
		out[path] = true
	}
	return out
}

func TestPseudoParametersAreForTheIndexOnly(t *testing.T) {
	for _, name := range Types() {
		for _, p := range Pseudo(name) {
			if _, ok := Lookup(name, p.Code); ok {
				t.Errorf("a URL can name %s.%s", name, p.Code)
			}
			if p.Base != name || p.Expression == "" || p.URL != "" {
				t.Errorf("%+v", p)
			}
		}
	}
	for name, want := range map[string]int{"Observation": 3, "MedicationStatement": 3, "Patient": 0, "Organization": 0, "Nothing": 0} {
		if got := len(Pseudo(name)); got != want {
			t.Errorf("%s has %d pseudo parameters, want %d", name, got, want)
		}
	}
}
