package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sluis/storage/relational"
)

// replace inserts the rows of a step, one prepared statement for each, after
// those that are to go are gone.
func (t *tx) replace(ctx context.Context, s relational.Step) error {
	if err := t.clear(ctx, s); err != nil {
		return err
	}
	stmt, err := t.session.prepare(ctx, insertSQL(s.Into))
	if err != nil {
		return err
	}
	// The driver starts a goroutine for each statement that can be interrupted,
	// which takes longer than to insert a row.
	always := context.WithoutCancel(ctx)
	for _, row := range s.Values {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := stmt.ExecContext(always, texts(row)...); err != nil {
			return err
		}
	}
	return nil
}

// texts writes lists of words as the text index takes them.
func texts(row []any) []any {
	out := row
	for i, v := range row {
		words, ok := v.([]string)
		if !ok {
			continue
		}
		if &out[0] == &row[0] {
			out = append([]any{}, row...)
		}
		marked := make([]string, len(words))
		for j, w := range words {
			marked[j] = ftsWord(w)
		}
		out[i] = strings.Join(marked, " ")
	}
	return out
}

// clear deletes the rows of s.Of that are not among the values. Those that are
// stay, and the insert passes over them: an update most often changes few.
func (t *tx) clear(ctx context.Context, s relational.Step) error {
	if len(s.Of) == 0 {
		return nil
	}
	first := s.Into.Columns[0].Name
	where := first + " IN (SELECT value FROM json_each($1))"
	args := []any{s.Of}
	if readable(s.Into) && len(s.Values) > 0 {
		kept, err := keptRows(s)
		if err != nil {
			return err
		}
		names, values := make([]string, len(s.Into.Columns)), make([]string, len(s.Into.Columns))
		for i, c := range s.Into.Columns {
			names[i], values[i] = c.Name, fmt.Sprintf("value ->> %d", i)
		}
		where += " AND (" + strings.Join(names, ", ") + ") NOT IN (SELECT " + strings.Join(values, ", ") + " FROM json_each($2))"
		args = append(args, kept)
	}
	stmt, err := t.session.prepare(ctx, "DELETE FROM "+s.Into.Name+" WHERE "+where)
	if err == nil {
		_, err = stmt.ExecContext(ctx, arguments(args)...)
	}
	return err
}

// keptRows are the values of the keys in s.Of, as a JSON array of arrays.
func keptRows(s relational.Step) (string, error) {
	of := map[int64]bool{}
	for _, id := range s.Of {
		of[id] = true
	}
	kept := [][]any{}
	for _, row := range s.Values {
		if id, ok := row[0].(int64); ok && of[id] {
			kept = append(kept, row)
		}
	}
	text, err := json.Marshal(kept)
	return string(text), err
}

// readable reports whether a table's rows can be read back: the text index
// keeps no words, only where they are.
func readable(t *relational.Table) bool {
	for _, c := range t.Columns {
		if c.Type == wordsColumn {
			return false
		}
	}
	return true
}

// wordsColumn is the type of a column of relational.Table that holds words.
const wordsColumn = "words"

func insertSQL(t *relational.Table) string {
	names, places := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i], places[i] = c.Name, fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + t.Name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(places, ", ") + ") " + t.Conflict
}
