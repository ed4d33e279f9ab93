package profile

import (
	"strings"
	"testing"
)

// extensionDefinition is an extension with a value of a type.
func extensionDefinition(name, valueType string) string {
	return `{"resourceType":"StructureDefinition","url":"http://x.org/` + name + `","name":"` + name + `","status":"draft","kind":"complex-type","abstract":false,
		"context":[{"type":"element","expression":"Patient"}],"type":"Extension","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint",
		"differential":{"element":[{"path":"Extension.url","fixedUri":"http://x.org/` + name + `"},{"path":"Extension.value[x]","min":1,"type":[{"code":"` + valueType + `"}]}]}}`
}

// slicing is an element that is sliced by one discriminator.
func slicing(path, kind, discriminator, rules string) string {
	return `{"path":"` + path + `","slicing":{"discriminator":[{"type":"` + kind + `","path":"` + discriminator + `"}],"rules":"` + rules + `"}}`
}

func TestSlicing(t *testing.T) {
	l := library(t,
		constraint("byValue", "Patient",
			slicing("Patient.identifier", "value", "system", "closed"),
			`{"path":"Patient.identifier","sliceName":"a","min":1,"max":"1"}`, `{"path":"Patient.identifier.system","fixedUri":"http://a"}`, `{"path":"Patient.identifier.value","min":1}`,
			`{"path":"Patient.identifier","sliceName":"b","max":"1"}`, `{"path":"Patient.identifier.system","fixedUri":"http://b"}`),
		constraint("byPattern", "Observation",
			slicing("Observation.component", "pattern", "code", "open"),
			`{"id":"Observation.component:s","path":"Observation.component","sliceName":"s","min":1}`,
			`{"id":"Observation.component:s.code","path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"S"}]}}`,
			`{"id":"Observation.component:s.value[x]","path":"Observation.component.value[x]","min":1,"type":[{"code":"Quantity"}]}`),
		constraint("byType", "Observation",
			slicing("Observation.value[x]", "type", "$this", "open"),
			`{"path":"Observation.value[x]","sliceName":"valueQuantity","type":[{"code":"Quantity"}]}`, `{"path":"Observation.value[x].unit","min":1}`),
		constraint("byShortcut", "Observation", `{"path":"Observation.valueQuantity","min":1}`, `{"path":"Observation.valueQuantity.unit","min":1}`),
		constraint("byExistence", "Patient",
			slicing("Patient.name", "exists", "period", "open"),
			`{"path":"Patient.name","sliceName":"old"}`, `{"path":"Patient.name.period","min":1}`, `{"path":"Patient.name.family","min":1}`,
			`{"path":"Patient.name","sliceName":"now","max":"1"}`, `{"path":"Patient.name.period","max":"0"}`),
		constraint("byProfile", "Patient",
			slicing("Patient.generalPractitioner", "profile", "resolve()", "open"),
			`{"path":"Patient.generalPractitioner","sliceName":"named","max":"1","type":[{"code":"Reference","targetProfile":["http://x.org/named"]}]}`),
		constraint("named", "Practitioner", `{"path":"Practitioner.name","min":1}`),
		constraint("byResolvedType", "Patient",
			slicing("Patient.generalPractitioner", "type", "resolve()", "closed"),
			`{"path":"Patient.generalPractitioner","sliceName":"p","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]}`),
		extensionDefinition("own", "string"),
		constraint("byURL", "Patient",
			`{"path":"Patient.extension","sliceName":"own","min":1,"max":"1","type":[{"code":"Extension","profile":["http://x.org/own"]}]}`),
		constraint("resliced", "Patient",
			slicing("Patient.telecom", "value", "system", "open"),
			`{"id":"Patient.telecom:phone","path":"Patient.telecom","sliceName":"phone","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"open"}}`,
			`{"id":"Patient.telecom:phone.system","path":"Patient.telecom.system","fixedCode":"phone"}`,
			`{"id":"Patient.telecom:phone/work","path":"Patient.telecom","sliceName":"phone/work","max":"1"}`,
			`{"id":"Patient.telecom:phone/work.use","path":"Patient.telecom.use","fixedCode":"work"}`),
		constraint("byDefault", "Patient",
			slicing("Patient.identifier", "value", "system", "closed"),
			`{"path":"Patient.identifier","sliceName":"a"}`, `{"path":"Patient.identifier.system","fixedUri":"http://a"}`,
			`{"path":"Patient.identifier","sliceName":"@default"}`, `{"path":"Patient.identifier.value","min":1}`),
		strings.Replace(constraint("ordered", "Patient",
			slicing("Patient.identifier", "value", "system", "openAtEnd"),
			`{"path":"Patient.identifier","sliceName":"a"}`, `{"path":"Patient.identifier.system","fixedUri":"http://a"}`,
			`{"path":"Patient.identifier","sliceName":"b"}`, `{"path":"Patient.identifier.system","fixedUri":"http://b"}`), `"rules"`, `"ordered":true,"rules"`, 1),
	)
	observation := func(rest string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + rest + `}`
	}
	patient := func(rest string) string { return `{"resourceType":"Patient",` + rest + `}` }
	for name, tc := range map[string]struct {
		profile, body string
		want          []string
	}{
		"value":             {"byValue", patient(`"identifier":[{"system":"http://b"},{"system":"http://a","value":"1"}]`), nil},
		"value missing":     {"byValue", patient(`"identifier":[{"system":"http://b"}]`), []string{"error Patient.identifier required"}},
		"value, below":      {"byValue", patient(`"identifier":[{"system":"http://a"}]`), []string{"error Patient.identifier[0].value required"}},
		"value, too many":   {"byValue", patient(`"identifier":[{"system":"http://a","value":"1"},{"system":"http://a","value":"2"}]`), []string{"error Patient.identifier[1] structure"}},
		"value, closed":     {"byValue", patient(`"identifier":[{"system":"http://a","value":"1"},{"value":"2"}]`), []string{"error Patient.identifier[1] structure"}},
		"pattern":           {"byPattern", observation(`"component":[{"code":{"text":"y"}},{"code":{"coding":[{"code":"S","display":"x"}]},"valueQuantity":{"value":1}}]`), nil},
		"pattern missing":   {"byPattern", observation(`"component":[{"code":{"text":"S"}}]`), []string{"error Observation.component required"}},
		"pattern, type":     {"byPattern", observation(`"component":[{"code":{"coding":[{"code":"S"}]},"valueString":"x"}]`), []string{"error Observation.component[0].value structure"}},
		"type":              {"byType", observation(`"valueString":"x"`), nil},
		"type, below":       {"byType", observation(`"valueQuantity":{"value":1}`), []string{"error Observation.value.unit required"}},
		"shortcut":          {"byShortcut", observation(`"valueQuantity":{"value":1,"unit":"m"}`), nil},
		"shortcut missing":  {"byShortcut", `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, []string{"error Observation.value required"}},
		"shortcut, type":    {"byShortcut", observation(`"valueString":"x"`), []string{"error Observation.value structure", "error Observation.value structure", "error Observation.value required"}},
		"exists":            {"byExistence", patient(`"name":[{"text":"x"},{"family":"y","period":{"start":"2020"}}]`), nil},
		"exists, below":     {"byExistence", patient(`"name":[{"text":"y","period":{"start":"2020"}}]`), []string{"error Patient.name[0].family required"}},
		"exists not, max":   {"byExistence", patient(`"name":[{"text":"x"},{"text":"y"}]`), []string{"error Patient.name[1] structure"}},
		"profile":           {"byProfile", patient(`"contained":[{"resourceType":"Practitioner","id":"a","name":[{"text":"x"}]},{"resourceType":"Practitioner","id":"b","active":true}],"generalPractitioner":[{"reference":"#a"},{"reference":"#b"}]`), nil},
		"profile, too many": {"byProfile", patient(`"contained":[{"resourceType":"Practitioner","id":"a","name":[{"text":"x"}]},{"resourceType":"Practitioner","id":"b","name":[{"text":"x"}]}],"generalPractitioner":[{"reference":"#a"},{"reference":"#b"}]`), []string{"error Patient.generalPractitioner[1] structure"}},
		"url":               {"byURL", patient(`"extension":[{"url":"http://x.org/own","valueString":"x"},{"url":"http://x.org/other","valueString":"x"}]`), nil},
		"url missing":       {"byURL", patient(`"active":true`), []string{"error Patient.extension required"}},
		"url, type":         {"byURL", patient(`"extension":[{"url":"http://x.org/own","valueCode":"x"}]`), []string{"error Patient.extension[0].value structure"}},
		"reslice":           {"resliced", patient(`"telecom":[{"system":"phone","use":"work","value":"1"},{"system":"phone","use":"home","value":"2"},{"system":"email","use":"work","value":"3"}]`), nil},
		"reslice, max":      {"resliced", patient(`"telecom":[{"system":"phone","use":"work","value":"1"},{"system":"phone","use":"work","value":"2"}]`), []string{"error Patient.telecom[1] structure"}},
		"default":           {"byDefault", patient(`"identifier":[{"system":"http://a"},{"system":"http://z"}]`), []string{"error Patient.identifier[1].value required"}},
		"order":             {"ordered", patient(`"identifier":[{"system":"http://b","value":"1"},{"system":"http://a","value":"1"}]`), []string{"error Patient.identifier[1] structure"}},
		"at the end":        {"ordered", patient(`"identifier":[{"system":"http://z","value":"1"},{"system":"http://a","value":"1"}]`), []string{"error Patient.identifier[1] structure"}},
	} {
		check(t, l, name, tc.body, tc.want, "http://x.org/"+tc.profile)
	}
}
