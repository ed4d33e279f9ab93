package hl7v2

import (
	"net/url"
	"strings"

	c4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
)

func pathEscape(s string) string { return url.PathEscape(s) }

// Extensions by which nl-core takes names and addresses apart.
const (
	ownPrefix     = "http://hl7.org/fhir/StructureDefinition/humanname-own-prefix"
	ownName       = "http://hl7.org/fhir/StructureDefinition/humanname-own-name"
	partnerPrefix = "http://hl7.org/fhir/StructureDefinition/humanname-partner-prefix"
	partnerName   = "http://hl7.org/fhir/StructureDefinition/humanname-partner-name"
	streetName    = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-streetName"
	houseNumber   = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumber"
)

// names are the repetitions of an XPN field.
func names(field Value) []*d4.HumanName {
	var out []*d4.HumanName
	for _, xpn := range field.Repetitions() {
		n := &d4.HumanName{Family: family(xpn.Component(1))}
		for _, i := range []int{2, 3} {
			n.Given = appendText(n.Given, xpn.Component(i))
		}
		n.Prefix = appendText(n.Prefix, xpn.Component(5))
		for _, i := range []int{4, 6} {
			n.Suffix = appendText(n.Suffix, xpn.Component(i))
		}
		if n.Family == nil && n.Given == nil {
			continue
		}
		if use, ok := nameUses[xpn.Component(7).Text()]; ok {
			n.Use = &d4.HumanName_UseCode{Value: use}
		}
		out = append(out, n)
	}
	return out
}

func appendText(to []*d4.String, v Value) []*d4.String {
	if s := str(v.Text()); s != nil {
		return append(to, s)
	}
	return to
}

// family is the type FN: the surname as a whole, and its parts as nl-core keeps
// them: own prefix and name, the partner's prefix and name.
func family(fn Value) *d4.String {
	part := func(i int) string { return fn.Sub(i).Text() }
	whole := part(1)
	if whole == "" {
		own := strings.TrimSpace(part(2) + " " + part(3))
		partner := strings.TrimSpace(part(4) + " " + part(5))
		whole = strings.Trim(own+"-"+partner, "-")
	}
	s := str(whole)
	if s == nil {
		return nil
	}
	for i, url := range []string{ownPrefix, ownName, partnerPrefix, partnerName} {
		if text := part(i + 2); text != "" {
			s.Extension = append(s.Extension, extension(url, text))
		}
	}
	return s
}

// addresses are the repetitions of an XAD field.
func addresses(field Value) []*d4.Address {
	var out []*d4.Address
	for _, xad := range field.Repetitions() {
		a := &d4.Address{
			City: str(xad.Component(3).Text()), State: str(xad.Component(4).Text()),
			PostalCode: str(xad.Component(5).Text()), Country: str(xad.Component(6).Text()),
		}
		if l := line(xad.Component(1)); l != nil {
			a.Line = append(a.Line, l)
		}
		a.Line = appendText(a.Line, xad.Component(2))
		if a.Line == nil && a.City == nil && a.State == nil && a.PostalCode == nil && a.Country == nil {
			continue
		}
		kind := xad.Component(7).Text()
		if use, ok := addressUses[kind]; ok {
			a.Use = &d4.Address_UseCode{Value: use}
		}
		if typ, ok := addressTypes[kind]; ok {
			a.Type = &d4.Address_TypeCode{Value: typ}
		}
		out = append(out, a)
	}
	return out
}

// line is the type SAD: the line as a whole, street and number.
func line(sad Value) *d4.String {
	whole, street, number := sad.Sub(1).Text(), sad.Sub(2).Text(), sad.Sub(3).Text()
	if whole == "" {
		whole = strings.TrimSpace(street + " " + number)
	}
	s := str(whole)
	if s == nil {
		return nil
	}
	if street != "" {
		s.Extension = append(s.Extension, extension(streetName, street))
	}
	if number != "" {
		s.Extension = append(s.Extension, extension(houseNumber, number))
	}
	return s
}

// telecoms are the repetitions of an XTN field; use, of HL7 table 0201, holds
// where none is given.
func telecoms(field Value, use string) []*d4.ContactPoint {
	var out []*d4.ContactPoint
	for _, xtn := range field.Repetitions() {
		c := &d4.ContactPoint{}
		system := c4.ContactPointSystemCode_PHONE
		given, equipment := xtn.Component(2).Text(), xtn.Component(3).Text()
		if s, ok := telecomSystems[equipment]; ok {
			system = s
		}
		value := phone(xtn)
		if mail := xtn.Component(4).Text(); mail != "" && (given == "NET" || equipment == "Internet" || value == "") {
			system, value = c4.ContactPointSystemCode_EMAIL, mail
		}
		if value == "" {
			continue
		}
		at, known := telecomUses[given]
		if !known {
			at = telecomUses[use]
		}
		if equipment == "CP" {
			at = c4.ContactPointUseCode_MOBILE
		}
		c.Value, c.System, c.Use = str(value), &d4.ContactPoint_SystemCode{Value: system}, &d4.ContactPoint_UseCode{Value: at}
		out = append(out, c)
	}
	return out
}

// phone is a number as written (XTN-1 or XTN-12), or put together of its parts.
func phone(xtn Value) string {
	for _, i := range []int{1, 12} {
		if text := xtn.Component(i).Text(); text != "" {
			return text
		}
	}
	number := xtn.Component(6).Text() + xtn.Component(7).Text()
	if country := xtn.Component(5).Text(); country != "" && number != "" {
		return "+" + strings.TrimPrefix(country, "+") + number
	}
	return number
}

// display is the type XCN, or the NDL's first component, in words.
func display(xcn Value) string {
	surname := xcn.Component(2).Sub(1).Text()
	parts := []string{xcn.Component(6).Text(), xcn.Component(3).Text(), xcn.Component(4).Text(), surname}
	if text := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); text != "" {
		return text
	}
	return xcn.Component(1).Text()
}
