package naive

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// components are those of R4's composite SearchParameters (their
// SearchParameter.component.expression), with the type of each.
var components = map[string][]conformance.Parameter{
	"context-type-quantity":                               {token1("code"), quantity1("(value as Quantity) | (value as Range)")},
	"context-type-value":                                  {token1("code"), token1("value as CodeableConcept")},
	"DocumentReference.relationship":                      {{Type: conformance.ReferenceParam, Expression: "target", Targets: []string{"DocumentReference"}}, token1("code")},
	"Group.characteristic-value":                          {token1("code"), token1("(value as CodeableConcept) | (value as boolean)")},
	"Observation.code-value-concept":                      {token1("code"), token1("value as CodeableConcept")},
	"Observation.code-value-date":                         {token1("code"), {Type: conformance.DateParam, Expression: "(value as DateTime) | (value as Period)"}},
	"Observation.code-value-quantity":                     {token1("code"), quantity1("value as Quantity")},
	"Observation.code-value-string":                       {token1("code"), {Type: conformance.StringParam, Expression: "value as string"}},
	"Observation.combo-code-value-concept":                {token1("code"), token1("value as CodeableConcept")},
	"Observation.combo-code-value-quantity":               {token1("code"), quantity1("value as Quantity")},
	"Observation.component-code-value-concept":            {token1("code"), token1("value as CodeableConcept")},
	"Observation.component-code-value-quantity":           {token1("code"), quantity1("value as Quantity")},
	"MolecularSequence.chromosome-variant-coordinate":     {token1("MolecularSequence.referenceSeq.chromosome"), number1("start"), number1("end")},
	"MolecularSequence.chromosome-window-coordinate":      {token1("chromosome"), number1("windowStart"), number1("windowEnd")},
	"MolecularSequence.referenceseqid-variant-coordinate": {token1("MolecularSequence.referenceSeq.referenceSeqId"), number1("start"), number1("end")},
	"MolecularSequence.referenceseqid-window-coordinate":  {token1("referenceSeqId"), number1("windowStart"), number1("windowEnd")},
}

func token1(expression string) conformance.Parameter {
	return conformance.Parameter{Type: conformance.TokenParam, Expression: expression}
}

func quantity1(expression string) conformance.Parameter {
	return conformance.Parameter{Type: conformance.QuantityParam, Expression: expression}
}

func number1(expression string) conformance.Parameter {
	return conformance.Parameter{Type: conformance.NumberParam, Expression: expression}
}

// Components tells the types of the components of a composite parameter, in
// order; none when it is not known here.
func Components(p *conformance.Parameter) []conformance.Parameter {
	if strings.HasPrefix(p.Code, "context-type-") {
		return components[p.Code]
	}
	return components[p.Base+"."+p.Code]
}

// matchComposite is R4 search.html#composite: every component in the same
// element.
func (s *search) matchComposite(p *conformance.Parameter, r Resource, at value, want string) bool {
	parts, wants := Components(p), split(want, '$')
	if len(wants) != len(parts) {
		return s.fail("%s.%s has %d components, %q has %d", p.Base, p.Code, len(parts), want, len(wants))
	}
	for i := range parts {
		found, err := evaluate(parts[i].Expression, r, at)
		if err != nil {
			return s.fail("%s: %v", p.Code, err)
		}
		if !slices.ContainsFunc(s.read(&parts[i], found), func(v any) bool { return s.match(&parts[i], r, "", v, wants[i]) }) {
			return false
		}
	}
	return true
}
