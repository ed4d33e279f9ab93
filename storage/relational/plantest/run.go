package plantest

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"sluis/fhir/query"
	"sluis/storage"
	"sluis/storage/relational"
)

// Run fills the database, which has the schema and nothing else, and holds every
// shape to its plans.
func Run(t *testing.T, conn relational.Conn) {
	fill(t, conn)
	explained := &explaining{Conn: conn, t: t}
	store := relational.NewStore(explained, nil)
	_, version, err := store.Policy(context.Background(), storage.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes() {
		t.Run(strings.ReplaceAll(s.name, " ", "_"), func(t *testing.T) {
			explained.t, explained.plans = t, nil
			access := s.access
			if access == nil {
				access = query.All{}
			}
			page, err := store.Search(context.Background(), storage.Permit(access, version), s.query)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Entries) == 0 {
				t.Error("nothing is found: the shape proves nothing")
			}
			for _, p := range explained.plans {
				if bad := p.scans(); bad != "" {
					t.Errorf("%s\nin the plan\n%s\nof %s", bad, p.text, p.sql)
				}
			}
		})
	}
}

// explaining is a Conn that asks for the plan of each statement it is given, and
// then runs it.
type explaining struct {
	relational.Conn
	t     testing.TB
	plans []plan
}

func (e *explaining) Query(ctx context.Context, sql string, args ...any) (relational.Rows, error) {
	e.explain(ctx, e.Conn.Query, sql, args)
	return e.Conn.Query(ctx, sql, args...)
}

func (e *explaining) Snapshot(ctx context.Context, f func(relational.Tx) error) error {
	return e.Conn.Snapshot(ctx, func(tx relational.Tx) error { return f(explainingTx{tx, e}) })
}

type explainingTx struct {
	relational.Tx
	e *explaining
}

func (x explainingTx) Query(ctx context.Context, sql string, args ...any) (relational.Rows, error) {
	x.e.explain(ctx, x.Tx.Query, sql, args)
	return x.Tx.Query(ctx, sql, args...)
}

func (x explainingTx) Send(ctx context.Context, steps ...relational.Step) error {
	for _, s := range steps {
		x.e.explain(ctx, x.Tx.Query, s.SQL, s.Args)
	}
	return x.Tx.Send(ctx, steps...)
}

func (e *explaining) explain(ctx context.Context, ask func(context.Context, string, ...any) (relational.Rows, error), sql string, args []any) {
	lite := e.Dialect().Name() == "sqlite"
	prefix := "EXPLAIN "
	if lite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	rows, err := ask(ctx, prefix+sql, args...)
	if err != nil {
		e.t.Fatalf("%v: %s", err, sql)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		into := []any{&line}
		if lite {
			into = []any{new(int64), new(int64), new(int64), &line}
		}
		if err := rows.Scan(into...); err != nil {
			e.t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		e.t.Fatal(err)
	}
	e.plans = append(e.plans, plan{sql, strings.Join(lines, "\n")})
}

// plan is how a database would run a statement.
type plan struct{ sql, text string }

// large are the tables that grow with the resources.
const large = `(resource|history|\w+_entry|subject|words|label)`

var (
	named    = regexp.MustCompile(`\b` + large + ` (\w+)\b`)
	liteLine = regexp.MustCompile(`^(SCAN|SEARCH) (\w+)(.*)$`)
	seqScan  = regexp.MustCompile(`Seq Scan on ` + large + `\b.*`)
)

// scans tells of a large table that is read from end to end, or, in the plans of
// SQLite, of a check of one resource that reads more than that resource's rows.
func (p plan) scans() string {
	if bad := seqScan.FindString(p.text); bad != "" {
		return bad
	}
	tables := map[string]string{}
	for _, m := range named.FindAllStringSubmatch(p.sql, -1) {
		tables[m[2]] = m[1]
	}
	before := ""
	for line := range strings.Lines(p.text) {
		line = strings.TrimSpace(line)
		m := liteLine.FindStringSubmatch(line)
		if m != nil && tables[m[2]] != "" {
			whole := m[1] == "SCAN" && !strings.Contains(m[3], "VIRTUAL TABLE INDEX")
			check := strings.HasPrefix(before, "CORRELATED") || strings.Contains(m[3], " EXISTS ")
			if whole || check && !strings.Contains(m[3], "id=?") {
				return line + " (" + tables[m[2]] + ")"
			}
		}
		before = line
	}
	return ""
}
