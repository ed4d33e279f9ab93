package portal

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// find is one search through the gate, from a place onwards.
func (v *visit) find(resourceType string, params url.Values, after *query.Position) (storage.Page, error) {
	var list []fhir.Param
	for name, values := range params {
		for _, value := range values {
			list = append(list, fhir.Param{Name: name, Value: value})
		}
	}
	slices.SortFunc(list, func(a, b fhir.Param) int { return strings.Compare(a.Name, b.Name) })
	q, err := v.Gate.Language().Parse(resourceType, list)
	if err != nil {
		return storage.Page{}, err
	}
	q.After = after
	return v.Gate.Search(v.r.Context(), v.caller, q)
}

// record is how one custodian knows the patient.
type record struct{ Name, Born, Address, Holder string }

// section is the beginning of a kind's list, or a page of it.
type section struct {
	Kind   string
	Column string // word for Value of the rows; "" when they have none
	Rows   []row
	Total  int
	Next   string // sealed place of the page that follows; "" on the last
	Later  bool   // this is not the first page
}

// overview shows what all custodians keep of the patient: the union that only
// the patient sees (promise G5).
func (v *visit) overview() error {
	patients, err := v.patients()
	if err != nil {
		return err
	}
	body := struct {
		Patients []record
		Sections []section
		Kinds    []kind
	}{Patients: patients, Kinds: kinds}
	for _, k := range kinds[:2] {
		s, err := v.section(k, overviewRows, "")
		if err != nil {
			return err
		}
		body.Sections = append(body.Sections, s)
	}
	return v.ok("data", body)
}

// Rows of a list on the overview and on a page of its own.
const (
	overviewRows = 10
	pageRows     = 50
)

// list shows everything of one kind, newest first, a page at a time.
func (v *visit) list() error {
	k, known := kindNamed(chi.URLParam(v.r, "kind"))
	if !known {
		return fhir.ErrNotFound()
	}
	s, err := v.section(k, pageRows, v.r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	return v.ok("list", struct {
		section
		Kinds []kind
	}{s, kinds})
}

func (v *visit) section(k kind, rows int, place string) (section, error) {
	after, err := v.open(k.Name, place)
	if err != nil {
		return section{}, err
	}
	page, err := v.find(k.Type, url.Values{"_sort": {"-" + k.sort}, "_count": {fmt.Sprint(rows)}, "_total": {"accurate"}}, after)
	if err != nil {
		return section{}, err
	}
	out := section{Kind: k.Name, Column: k.column, Total: page.Total, Later: after != nil}
	for _, e := range page.Entries {
		n, err := root(e)
		if err != nil {
			return section{}, err
		}
		r := v.row(k, n)
		r.Holder = v.holder(e.Custodian)
		out.Rows = append(out.Rows, r)
	}
	if page.Next != nil {
		out.Next, err = v.seal(k.Name, *page.Next)
	}
	return out, err
}

// patients are the Patients of the person, one for each custodian.
func (v *visit) patients() ([]record, error) {
	page, err := v.find("Patient", url.Values{}, nil)
	if err != nil {
		return nil, err
	}
	var out []record
	for _, e := range page.Entries {
		n, err := root(e)
		if err != nil {
			return nil, err
		}
		out = append(out, record{
			Name: humanName(n.Get("name")), Born: v.date(n.Get("birthDate").Text()),
			Address: residence(n.Get("address")), Holder: v.holder(e.Custodian),
		})
	}
	return out, nil
}

// residence is the first address in one line.
func residence(addresses fhir.Node) string {
	for a := range addresses.All() {
		if text := a.Get("text").Text(); text != "" {
			return text
		}
		town := strings.TrimSpace(a.Get("postalCode").Text() + " " + a.Get("city").Text())
		parts := append(texts(a.Get("line")), town)
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	}
	return ""
}

// root reads a stored body. It was read when it was written, so an error is a
// defect, and leaving the resource out would hide it.
func root(e storage.Entry) (fhir.Node, error) {
	doc, err := fhir.ParseDocument(e.Resource.Body)
	if err != nil {
		return fhir.Node{}, fmt.Errorf("portal: %s is not readable: %w", e.Resource.Ref(), err)
	}
	return doc.Root(), nil
}

// holder is the name of a custodian, or its id when it is not configured any
// more.
func (v *visit) holder(custodian string) string {
	if name, ok := v.Names[custodian]; ok {
		return name
	}
	return custodian
}
