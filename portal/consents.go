package portal

import (
	"cmp"
	"crypto/rand"
	"net/url"
	"slices"

	"sluis/fhir/query"
)

// choice is an organisation that can be given a consent.
type choice struct{ ID, Name string }

// choices are all custodians, by name.
func (p *portal) choices() []choice {
	var out []choice
	for id, name := range p.Names {
		out = append(out, choice{id, name})
	}
	slices.SortFunc(out, func(a, b choice) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// consents shows the patient's consents and the form to give one.
func (v *visit) consents() error {
	all, err := v.agreements()
	if err != nil {
		return err
	}
	body := struct {
		InForce, Past []agreement
		Choices       []choice
		Form, Once    string
	}{Form: v.formToken(), Once: rand.Text()}
	for _, a := range all {
		if a.InForce {
			body.InForce = append(body.InForce, a)
		} else {
			body.Past = append(body.Past, a)
		}
	}
	body.Choices = slices.DeleteFunc(v.choices(), func(c choice) bool { return permitted(all, c.ID, "") })
	return v.ok("consents", body)
}

// agreements are all consents about the sharing of data, newest first; advance
// directives and the like, which R4 also writes as Consents, are left to the
// records.
func (v *visit) agreements() ([]agreement, error) {
	var out []agreement
	for after := (*query.Position)(nil); ; {
		page, err := v.find("Consent", url.Values{"scope": {"patient-privacy,research"}, "_sort": {"-date"}, "_count": {"100"}}, after)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			n, err := root(e)
			if err != nil {
				return nil, err
			}
			out = append(out, v.agreement(e, n))
		}
		if after = page.Next; after == nil {
			return out, nil
		}
	}
}

// permitted reports whether a consent in force, of another form than this,
// permits the organisation already. A second one would outlive the withdrawal of
// the first.
func permitted(all []agreement, organization, form string) bool {
	return slices.ContainsFunc(all, func(a agreement) bool {
		return a.InForce && a.Permit && slices.Contains(a.Who, organization) && (form == "" || a.form != form)
	})
}
