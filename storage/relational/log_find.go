package relational

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluis/audit"
	"sluis/fhir"
	"sluis/storage"
)

// Page sizes of the log.
const (
	defaultLogPage = 50
	maxLogPage     = 1000
)

// hit is a record found, and its place in the order of the search: by time, and
// of the same time by file and number.
type hit struct {
	position logPosition
	body     []byte
}

// logPosition is where a page ended.
type logPosition struct{ recorded, file, event int64 }

func (p logPosition) String() string { return fmt.Sprintf("%d.%d.%d", p.recorded, p.file, p.event) }

func parseLogPosition(s string) (p logPosition, err error) {
	if s == "" {
		return p, nil
	}
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &p.recorded, &p.file, &p.event); err != nil || p.String() != s {
		return p, fhir.NewError(fhir.Invalid, "value", "this is no place in the log")
	}
	return p, nil
}

// Find implements storage.Log.
func (l *Log) Find(ctx context.Context, f storage.LogFilter) (storage.LogPage, error) {
	if !f.Everyone && len(f.Patients) == 0 {
		return storage.LogPage{}, nil
	}
	after, err := parseLogPosition(f.After)
	if err != nil {
		return storage.LogPage{}, err
	}
	size := min(cmp.Or(max(f.Count, 0), defaultLogPage), maxLogPage)
	page := storage.LogPage{Total: -1}
	if !f.Uncounted || f.CountOnly {
		page.Total = 0
	}
	var hits []hit
	for file, conn := range l.files {
		found, total, err := findIn(ctx, conn, int64(file), f, after, size+1)
		if err != nil {
			return storage.LogPage{}, err
		}
		hits = append(hits, found...)
		if page.Total >= 0 {
			page.Total += total
		}
	}
	slices.SortFunc(hits, order(f.Ascending))
	if len(hits) > size {
		hits = hits[:size]
		page.Next = hits[size-1].position.String()
	}
	page.Records, err = expand(hits, f)
	return page, err
}

func order(ascending bool) func(a, b hit) int {
	return func(a, b hit) int {
		c := cmp.Or(cmp.Compare(a.position.recorded, b.position.recorded),
			cmp.Compare(a.position.file, b.position.file), cmp.Compare(a.position.event, b.position.event))
		if ascending {
			return c
		}
		return -c
	}
}

// expand reads the bodies. It makes sure that a record is about who was asked
// for: a key is a hash.
func expand(hits []hit, f storage.LogFilter) ([]audit.Record, error) {
	var out []audit.Record
	for _, h := range hits {
		r, err := audit.Expand(h.body)
		if err != nil {
			return nil, fmt.Errorf("storage: audit event %s: %w", h.position, err)
		}
		asked := len(f.Patients) == 0 || slices.ContainsFunc(f.Patients, func(p fhir.Ref) bool { return p.Latest() == r.Patient.Latest() })
		if !asked {
			return nil, fmt.Errorf("storage: audit event %s is filed under another patient", h.position)
		}
		out = append(out, r)
	}
	return out, nil
}

// findIn searches one file in one snapshot.
func findIn(ctx context.Context, conn Conn, file int64, f storage.LogFilter, after logPosition, limit int) (hits []hit, total int, err error) {
	err = conn.Snapshot(ctx, func(tx Tx) error {
		where := filterSQL(conn.Dialect(), f)
		if !f.Uncounted || f.CountOnly {
			rows, err := tx.Query(ctx, `SELECT count(*) FROM audit_event`+where.String(), where.args...)
			if err := each(rows, err, func(r Rows) error { return r.Scan(&total) }); err != nil {
				return err
			}
		}
		if f.CountOnly {
			return nil
		}
		direction := "DESC"
		if f.Ascending {
			direction = "ASC"
		}
		where.from(file, after, f.Ascending)
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT recorded, event, body FROM audit_event%s ORDER BY recorded %[2]s, event %[2]s LIMIT %[3]d`,
			where, direction, limit), where.args...)
		return each(rows, err, func(r Rows) error {
			h := hit{position: logPosition{file: file}}
			err := r.Scan(&h.position.recorded, &h.position.event, &h.body)
			hits = append(hits, h)
			return err
		})
	})
	return hits, total, err
}

// logWhere is a condition on audit_event and its arguments.
type logWhere struct {
	parts []string
	args  []any
}

// String is the WHERE clause, or nothing.
func (w *logWhere) String() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// bind adds an argument and returns its placeholder.
func (w *logWhere) bind(v any) string {
	w.args = append(w.args, v)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *logWhere) and(condition string) { w.parts = append(w.parts, condition) }

func filterSQL(d Dialect, f storage.LogFilter) *logWhere {
	w := &logWhere{}
	if len(f.Patients) > 0 {
		keys := make([]int64, len(f.Patients))
		for i, p := range f.Patients {
			keys[i] = patientKey(p)
		}
		w.and(d.In("patient", w.bind(keys)))
	}
	if f.ID != "" {
		w.and("id = " + w.bind(eventKey(f.ID)))
	}
	if !f.From.IsZero() {
		w.and("recorded >= " + w.bind(ceilMilli(f.From)))
	}
	if !f.To.IsZero() {
		w.and("recorded < " + w.bind(ceilMilli(f.To)))
	}
	for _, t := range wanted(f) {
		w.and(hasBytes(d, "terms", w.bind(t)))
	}
	if f.Agent != "" {
		var any []string
		for _, t := range agents(f.Agent) {
			any = append(any, hasBytes(d, "terms", w.bind(t)))
		}
		w.and("(" + strings.Join(any, " OR ") + ")")
	}
	return w
}

// ceilMilli is the first whole millisecond that is not before t.
func ceilMilli(t time.Time) int64 { return t.Add(time.Millisecond - 1).UnixMilli() }

// hasBytes is the condition that a column of bytes contains the argument.
func hasBytes(d Dialect, column, placeholder string) string {
	if d.Name() == "sqlite" {
		return "instr(" + column + ", " + placeholder + ") > 0"
	}
	return "position(" + d.Cast(placeholder, "bytea") + " in " + column + ") > 0"
}

// from leaves out what stands before the end of the page before. Of records of
// the same time, those of the first file come first.
func (w *logWhere) from(file int64, p logPosition, ascending bool) {
	if p == (logPosition{}) {
		return
	}
	beyond := "<"
	if ascending {
		beyond = ">"
	}
	switch later := file > p.file == ascending; {
	case file == p.file:
		w.and(fmt.Sprintf("(recorded, event) %s (%s, %s)", beyond, w.bind(p.recorded), w.bind(p.event)))
	case later: // the other file's records of that time are still to come
		w.and(fmt.Sprintf("recorded %s= %s", beyond, w.bind(p.recorded)))
	default:
		w.and(fmt.Sprintf("recorded %s %s", beyond, w.bind(p.recorded)))
	}
}
