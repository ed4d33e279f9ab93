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
	always bool // no row lacks it

	param *conformance.Parameter
	table *Table // of the entries it is taken from; nil: a column of the resource
	value string // the column there
}

// sortKeys renders _sort. Ascending sorts by a resource's least value,
// descending by its greatest; what has no value comes last either way.
func (r *renderer) sortKeys(sorts []query.Sort, row row) []sortKey {
	return r.sortKeysFrom(sorts, row, func(k sortKey) string { return r.extreme(k, row) })
}

// sortKeysFrom is sortKeys with an expression of its own for the first key.
func (r *renderer) sortKeysFrom(sorts []query.Sort, row row, first func(sortKey) string) []sortKey {
	out := make([]sortKey, len(sorts))
	for i, s := range sorts {
		k := sortKeyOf(s, row)
		k.column = "k" + strconv.Itoa(i+1)
		switch {
		case k.sql != "":
		case k.table == nil:
			k.sql = r.refuse("sort by parameter %s of type %s", s.Param.Code, s.Param.Type)
		case i == 0:
			k.sql = first(k)
		default:
			k.sql = r.extreme(k, row)
		}
		out[i] = k
	}
	return out
}

// sortKeyOf is a key without its expression, unless that is a column.
func sortKeyOf(s query.Sort, row row) sortKey {
	k := sortKey{param: s.Param, desc: s.Desc, kind: "text"}
	switch s.Param.Code {
	case idCode:
		k.sql, k.always = row.alias+".id", true
		return k
	case updatedCode:
		k.sql, k.kind, k.always = row.alias+".updated", "bigint", true
		return k
	}
	if table, ok := tableOf(s.Param.Type); ok {
		k.table = table
		k.value, k.kind = sortColumn(s.Param.Type, s.Desc)
	}
	return k
}

// extreme is the least or greatest value of a resource. Of quantities those in
// canonical units count, if it has any.
func (r *renderer) extreme(k sortKey, row row) string {
	least, a := "min", r.alias("x")
	if k.desc {
		least = "max"
	}
	from := " FROM " + k.table.Name + " " + a + " WHERE " + a + ".rid = " + row.alias + ".rid AND " + r.keyed(k.param, a, row)
	all := "(SELECT " + least + "(" + a + "." + k.value + ")" + from + ")"
	if k.table != quantityTable {
		return all
	}
	return "coalesce((SELECT " + least + "(" + a + "." + k.value + ")" + from + " AND " + r.isCanonical(a) + "), " + all + ")"
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

// orderBy is the ORDER BY of an alias that has the key columns and rid. The rid
// goes the way of the first key, so that an index gives both.
func orderBy(keys []sortKey, alias string) string {
	var out strings.Builder
	for _, k := range keys {
		column := alias + "." + k.column
		if !k.always {
			out.WriteString(column + " IS NULL, ")
		}
		out.WriteString(column + direction(k.desc) + ", ")
	}
	return out.String() + alias + ".rid" + direction(ridDesc(keys))
}

func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

func ridDesc(keys []sortKey) bool { return len(keys) > 0 && keys[0].desc }

// than is the operator for what comes later.
func than(desc bool) string {
	if desc {
		return " < "
	}
	return " > "
}

// beyond is the condition that a candidate stands after a position: it shares
// the first i keys with it and comes later by the next one. What the first key
// alone says stands before it, for the index.
func (r *renderer) beyond(keys []sortKey, at *query.Position, alias string) (string, error) {
	if len(at.Keys) != len(keys) {
		return "", errPosition
	}
	var cases []string
	equal, bound := "", ""
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
		p := r.dialect.Cast(r.arg(value), k.kind)
		later := column + than(k.desc) + p
		if !k.always {
			later = "(" + later + " OR " + column + " IS NULL)"
		} else if i == 0 {
			bound = column + strings.TrimSuffix(than(k.desc), " ") + "= " + p + " AND "
		}
		cases = append(cases, "("+equal+later+")")
		equal += column + " = " + p + " AND "
	}
	cases = append(cases, "("+equal+alias+".rid"+than(ridDesc(keys))+r.arg(at.Row)+")")
	return "(" + bound + balanced(cases, " OR ") + ")", nil
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
