package path

import "strings"

// primitives are R4's primitive types by their spelling in the name of a choice
// (datatypes.html#primitive, formats.html#choice).
var primitives = map[string]string{
	"Base64Binary": "base64Binary", "Boolean": "boolean", "Canonical": "canonical",
	"Code": "code", "Date": "date", "DateTime": "dateTime", "Decimal": "decimal",
	"Id": "id", "Instant": "instant", "Integer": "integer", "Markdown": "markdown",
	"Oid": "oid", "PositiveInt": "positiveInt", "String": "string", "Time": "time",
	"UnsignedInt": "unsignedInt", "Uri": "uri", "Url": "url", "Uuid": "uuid",
}

// complexTypes are the types with elements that a choice may have
// (datatypes.html#open and the choices of R4's resources).
var complexTypes = map[string]bool{
	"Address": true, "Age": true, "Annotation": true, "Attachment": true,
	"CodeableConcept": true, "Coding": true, "ContactDetail": true,
	"ContactPoint": true, "Contributor": true, "Count": true,
	"DataRequirement": true, "Distance": true, "Dosage": true, "Duration": true,
	"Expression": true, "HumanName": true, "Identifier": true, "Meta": true,
	"Money": true, "ParameterDefinition": true, "Period": true, "Quantity": true,
	"Range": true, "Ratio": true, "Reference": true, "RelatedArtifact": true,
	"SampledData": true, "Signature": true, "Timing": true,
	"TriggerDefinition": true, "UsageContext": true,
}

// choices are the names of R4's choice elements, without [x]. Only these are
// read with a suffix: Coverage.subscriberId is no choice of subscriber.
var choices = setOf(`
	abatement additive age allowed amount answer asNeeded author born bounds
	characteristic chargeItem code collected content created date deceased
	defaultValue definingSubstance definition detail diagnosis dose doseNumber due
	effective entity event example fastingStatus fixed identified indication item
	legallyBinding location manufacturer maxValue medication minValue minimumVolume
	module multipleBirth name occurred occurrence offset onset participantEffective
	pattern performed probability procedure product quantity rate reported scheduled
	seriesDoses serviced source start statusReason studyEffective subject substance
	target time timing topic used value when`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// choiceType is the type that the suffix of a choice's member name stands for,
// or "" when it is no type.
func choiceType(suffix string) string {
	if complexTypes[suffix] {
		return suffix
	}
	return primitives[suffix]
}

// choiceSuffix is the suffix for a type that a choice may have, or "".
func choiceSuffix(typ string) string {
	if complexTypes[typ] {
		return typ
	}
	for suffix, p := range primitives {
		if p == typ {
			return suffix
		}
	}
	return ""
}
