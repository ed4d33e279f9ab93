package relational

import (
	"fmt"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// renderer writes predicates over rows of the table resource, in one statement.
// Values never enter the text: every one is an argument, so that the text
// depends on the shape of a request only and its plan can be kept.
type renderer struct {
	dialect  Dialect
	access   query.Expr // what each hop of a chain must satisfy too
	args     []any
	aliases  int
	inAccess bool    // rendering the access itself, where a chain has no meaning
	negative bool    // below an odd number of negations
	gone     []int64 // rows to pass over: a transaction deletes them
	err      error
}

func newRenderer(d Dialect, access query.Expr) *renderer {
	return &renderer{dialect: d, access: access}
}

// row is a row of resource under judgement: its alias, and its type where the
// statement says it, else "".
type row struct{ alias, kind string }

// arg adds an argument and returns its placeholder.
func (r *renderer) arg(v any) string {
	r.args = append(r.args, v)
	return "$" + strconv.Itoa(len(r.args))
}

func (r *renderer) text(s string) string { return r.arg(clean(s)) }

func (r *renderer) alias(prefix string) string {
	r.aliases++
	return prefix + strconv.Itoa(r.aliases)
}

func (r *renderer) in(column string, list []string) string {
	if len(list) == 1 {
		return column + " = " + r.text(list[0])
	}
	cleaned := make([]string, len(list))
	for i, s := range list {
		cleaned[i] = clean(s)
	}
	return r.dialect.In(column, r.arg(cleaned))
}

func (r *renderer) inInts(column string, list []int64) string {
	if len(list) == 1 {
		return column + " = " + r.arg(list[0])
	}
	return r.dialect.In(column, r.arg(list))
}

// refuse notes that an expression cannot be rendered. The statement is never
// run then, so the text returned does not matter.
func (r *renderer) refuse(format string, args ...any) string {
	if r.err == nil {
		r.err = fhir.Wrap(fmt.Errorf("storage: "+format, args...), fhir.Internal, "exception", "the request cannot be evaluated")
	}
	return "FALSE"
}

// permitted is the access, for one row.
func (r *renderer) permitted(row row) string {
	return r.permission(r.access, row)
}

// permission renders an access, or a bound of it.
func (r *renderer) permission(access query.Expr, row row) string {
	inAccess, negative := r.inAccess, r.negative
	r.inAccess, r.negative = true, false
	defer func() { r.inAccess, r.negative = inAccess, negative }()
	return r.predicate(narrow(access, row.kind), row)
}

// matches is a search's own predicate for one row. It may pick the part that an
// index answers best to drive the statement.
func (r *renderer) matches(x query.Expr, row row) string {
	return r.drive(narrow(x, row.kind), row)
}

func (r *renderer) predicate(x query.Expr, row row) string {
	switch x := x.(type) {
	case nil, query.None:
		return "FALSE"
	case query.All:
		return "TRUE"
	case query.Conj:
		return r.join(x.Parts, " AND ", row)
	case query.Disj:
		return r.join(x.Parts, " OR ", row)
	case query.Neg:
		if query.Empty(x.X) {
			return r.refuse("the negation of an empty predicate")
		}
		r.negative = !r.negative
		defer func() { r.negative = !r.negative }()
		return "NOT " + r.predicate(x.X, row)
	case query.Subjects:
		return r.subjects(x.X, row)
	}
	return r.leaf(x, row)
}

func (r *renderer) leaf(x query.Expr, row row) string {
	if query.Empty(x) {
		return "FALSE"
	}
	switch x := x.(type) {
	case query.TypeIs:
		return r.in(row.alias+".type", x.Types)
	case query.IDIs:
		return r.in(row.alias+".id", x.IDs)
	case query.Custodian:
		return row.alias + ".custodian = " + r.text(x.ID)
	case query.Compare:
		return r.compare(x, row)
	case query.Missing:
		return r.missing(x.Param, row)
	case query.Chain:
		return r.chain(x, row)
	case query.Has:
		return r.has(x, row)
	case query.Composite:
		return r.composite(x, row)
	case query.Words:
		return r.words(x, row)
	case query.Near:
		return r.near(x, row)
	case query.Coded:
		return r.coded(x, row)
	case query.Labelled:
		return r.labelled(x, row)
	case query.PointsAt:
		return r.pointsAt(x, row)
	case query.PointedAtBy:
		return r.pointedAtBy(x, row)
	case query.Authored:
		return r.authored(x, row)
	}
	return r.refuse("%T cannot stand here", x)
}

func (r *renderer) join(parts []query.Expr, operator string, row row) string {
	if len(parts) == 0 {
		return r.refuse("a composite without parts")
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = r.predicate(p, row)
	}
	return balanced(out, operator)
}

// balanced joins conditions as a tree: SQLite takes an expression of a depth of
// 1,000, and a search may have more parts than that.
func balanced(parts []string, operator string) string {
	switch n := len(parts); n {
	case 0:
		return "FALSE"
	case 1:
		return parts[0]
	case 2, 3, 4:
		return "(" + strings.Join(parts, operator) + ")"
	default:
		return "(" + balanced(parts[:n/2], operator) + operator + balanced(parts[n/2:], operator) + ")"
	}
}

// present is the condition that a row is there to be found.
func (r *renderer) present(alias string) string {
	cond := "NOT " + alias + ".deleted"
	if len(r.gone) > 0 {
		cond += " AND NOT " + r.dialect.In(alias+".rid", r.arg(r.gone))
	}
	return cond
}

// exists is the condition that a table has a row for the resource; cond writes
// the rest of it.
func (r *renderer) exists(table string, row row, cond func(alias string) string) string {
	a := r.alias("x")
	return "EXISTS (SELECT 1 FROM " + table + " " + a + " WHERE " + a + ".rid = " + row.alias + ".rid AND " + cond(a) + ")"
}

// keyed is the condition that an entry is of the parameter. One that belongs to
// every type, as consent rules use them, has a key in each.
func (r *renderer) keyed(p *conformance.Parameter, alias string, row row) string {
	if !everyType(p) {
		return alias + ".param = " + r.arg(int64(p.Key))
	}
	if row.kind != "" {
		return alias + ".param = " + r.arg(int64(conformance.ParameterKey(row.kind, p.Code)))
	}
	return r.dialect.In(alias+".param", r.arg(keysOf(p.Code)))
}

func everyType(p *conformance.Parameter) bool {
	return p.Base == "" || p.Base == "Resource" || p.Base == "DomainResource"
}

func keysOf(code string) []int64 {
	keys := make([]int64, 0, 150)
	for _, t := range conformance.Types() {
		keys = append(keys, int64(conformance.ParameterKey(t, code)))
	}
	return keys
}

func (r *renderer) missing(p *conformance.Parameter, row row) string {
	if p.Code == idCode || p.Code == updatedCode {
		return "FALSE" // both are always there
	}
	if p.Type == conformance.CompositeParam {
		return "NOT " + r.anyComposite(p, row)
	}
	if isPosition(p) {
		return "NOT " + r.exists(positionTable.Name, row, func(a string) string { return r.keyed(p, a, row) })
	}
	table, ok := tableOf(p.Type)
	if !ok {
		return r.refuse("parameter %s of type %s", p.Code, p.Type)
	}
	return "NOT " + r.exists(table.Name, row, func(a string) string { return r.keyed(p, a, row) })
}

// Parameters that are columns of the resource itself.
const (
	idCode      = "_id"
	updatedCode = "_lastUpdated"
)

func tableOf(t conformance.ParamType) (*Table, bool) {
	switch t {
	case conformance.TokenParam:
		return tokenTable, true
	case conformance.StringParam:
		return stringTable, true
	case conformance.DateParam:
		return dateTable, true
	case conformance.ReferenceParam:
		return referenceTable, true
	case conformance.NumberParam:
		return numberTable, true
	case conformance.QuantityParam:
		return quantityTable, true
	case conformance.URIParam:
		return uriTable, true
	}
	return nil, false
}

func (r *renderer) coded(x query.Coded, row row) string {
	p := &conformance.Parameter{Code: conformance.CodedCode, Type: conformance.TokenParam}
	return r.exists(tokenTable.Name, row, func(a string) string {
		return r.keyed(p, a, row) + " AND " + r.codings(x.Codings, a+".system", a+".code")
	})
}

func (r *renderer) labelled(x query.Labelled, row row) string {
	return r.exists(labelTable.Name, row, func(a string) string { return r.codings(x.Labels, a+".system", a+".code") })
}
