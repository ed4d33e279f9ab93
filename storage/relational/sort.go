package relational

import (
	"fmt"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// sortKey is one key of an order, as a column k1, k2, … of the candidates.
type sortKey struct {
	sql    string // an expression over the row
	column string // its alias
	kind   string // bigint, double precision or text
	desc   bool
}

// sortKeys renders _sort. Ascending sorts by a resource's least value,
// descending by its greatest; what has no value comes last either way.
func (r *renderer) sortKeys(sorts []query.Sort, row row) []sortKey {
	out := make([]sortKey, len(sorts))
	for i, s := range sorts {
		out[i] = r.sortKey(s, row)
		out[i].column, out[i].desc = "k"+strconv.Itoa(i+1), s.Desc
	}
	return out
}

func (r *renderer) sortKey(s query.Sort, row row) sortKey {
	switch s.Param.Code {
	case idCode:
		return sortKey{sql: row.alias + ".id", kind: "text"}
	case updatedCode:
		return sortKey{sql: row.alias + ".updated", kind: "bigint"}
	}
	table, ok := tableOf(s.Param.Type)
	if !ok {
		return sortKey{sql: r.refuse("sort by parameter %s of type %s", s.Param.Code, s.Param.Type), kind: "text"}
	}
	column, kind := sortColumn(s.Param.Type, s.Desc)
	least, a := "min", r.alias("x")
	if s.Desc {
		least = "max"
	}
	return sortKey{
		sql: "(SELECT " + least + "(" + a + "." + column + ") FROM " + table.Name + " " + a +
			" WHERE " + a + ".rid = " + row.alias + ".rid AND " + r.keyed(s.Param, a, row) + ")",
		kind: kind,
	}
}

func sortColumn(t conformance.ParamType, desc bool) (column, kind string) {
	switch t {
	case conformance.StringParam:
		return "folded", "text"
	case conformance.DateParam:
		if desc {
			return "high", "bigint"
		}
		return "low", "bigint"
	case conformance.NumberParam, conformance.QuantityParam:
		return "value", float
	case conformance.ReferenceParam:
		return "id", "text"
	case conformance.URIParam:
		return "value", "text"
	}
	return "code", "text"
}

// orderBy is the ORDER BY of an alias that has the key columns and rid.
func orderBy(keys []sortKey, alias string) string {
	var out strings.Builder
	for _, k := range keys {
		column := alias + "." + k.column
		out.WriteString(column + " IS NULL, " + column)
		if k.desc {
			out.WriteString(" DESC")
		}
		out.WriteString(", ")
	}
	return out.String() + alias + ".rid"
}

// beyond is the condition that a candidate stands after a position: it shares
// the first i keys with it and comes later by the next one.
func (r *renderer) beyond(keys []sortKey, at *query.Position, alias string) (string, error) {
	if len(at.Keys) != len(keys) {
		return "", errPosition
	}
	var cases []string
	equal := ""
	for i, k := range keys {
		column := alias + "." + k.column
		if at.Keys[i] == absentKey {
			equal += column + " IS NULL AND "
			continue // nothing comes after what is missing
		}
		value, err := keyValue(k, at.Keys[i])
		if err != nil {
			return "", err
		}
		operator := " > "
		if k.desc {
			operator = " < "
		}
		p := r.dialect.Cast(r.arg(value), k.kind)
		cases = append(cases, "("+equal+"("+column+operator+p+" OR "+column+" IS NULL))")
		equal += column + " = " + p + " AND "
	}
	cases = append(cases, "("+equal+alias+".rid > "+r.arg(at.Row)+")")
	return "(" + strings.Join(cases, " OR ") + ")", nil
}

var errPosition = fhir.NewError(fhir.Invalid, "value", "the page does not belong to this search")

// Keys in a Position: a value stands after an equals sign, so that a missing
// one is not an empty text.
const (
	absentKey  = ""
	presentKey = "="
)

func keyValue(k sortKey, s string) (any, error) {
	s, ok := strings.CutPrefix(s, presentKey)
	if !ok {
		return nil, errPosition
	}
	switch k.kind {
	case "bigint":
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, errPosition
		}
		return n, nil
	case float:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, errPosition
		}
		return f, nil
	}
	return clean(s), nil
}

// keyScanner holds one row's keys while it is read.
type keyScanner struct {
	ints   []*int64
	floats []*float64
	texts  []*string
	kinds  []string
}

func newKeyScanner(keys []sortKey) *keyScanner {
	n := len(keys)
	s := &keyScanner{make([]*int64, n), make([]*float64, n), make([]*string, n), make([]string, n)}
	for i, k := range keys {
		s.kinds[i] = k.kind
	}
	return s
}

func (s *keyScanner) destinations() []any {
	out := make([]any, len(s.kinds))
	for i, kind := range s.kinds {
		switch kind {
		case "bigint":
			out[i] = &s.ints[i]
		case float:
			out[i] = &s.floats[i]
		default:
			out[i] = &s.texts[i]
		}
	}
	return out
}

// position writes the keys of the row last read.
func (s *keyScanner) position() []string {
	out := make([]string, len(s.kinds))
	for i := range s.kinds {
		switch {
		case s.ints[i] != nil:
			out[i] = presentKey + strconv.FormatInt(*s.ints[i], 10)
		case s.floats[i] != nil:
			out[i] = presentKey + strconv.FormatFloat(*s.floats[i], 'g', -1, 64)
		case s.texts[i] != nil:
			out[i] = presentKey + *s.texts[i]
		}
	}
	return out
}

func keyColumns(keys []sortKey, alias string) string {
	var out strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&out, ", %s.%s", alias, k.column)
	}
	return out.String()
}
