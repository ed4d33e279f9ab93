package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"sluis/storage/relational"
)

// wordsColumn is the type of a column of relational.Table that holds words: an
// array here. An array of arrays of different lengths is nothing that
// PostgreSQL has, so the words of a row go as lines.
const wordsColumn = "words"

// queueRows adds the statements of a step with rows: any number of them with one
// text, each column an array.
func queueRows(batch *pgx.Batch, s relational.Step) error {
	args, err := transpose(s.Into, s.Values)
	if err != nil {
		return err
	}
	if len(s.Of) == 0 {
		batch.Queue(insertSQL(s.Into), args...)
		return nil
	}
	args = append(args, s.Of)
	batch.Queue(clearSQL(s.Into), args...)
	if len(s.Values) > 0 {
		batch.Queue(supplySQL(s.Into), args...)
	}
	return nil
}

func insertSQL(t *relational.Table) string {
	return "INSERT INTO " + t.Name + " (" + names(t) + ") " + rowsOf(t) + " " + t.Conflict
}

// clearSQL deletes the rows of the last argument's keys that are not among the
// new ones.
func clearSQL(t *relational.Table) string {
	return "DELETE FROM " + t.Name + " WHERE " + t.Columns[0].Name + " = ANY(" + ofArg(t) + ") AND (" + names(t) + ") NOT IN (" + rowsOf(t) + ")"
}

// supplySQL inserts those that are not there yet: an update most often changes
// few.
func supplySQL(t *relational.Table) string {
	return "INSERT INTO " + t.Name + " (" + names(t) + ") " + rowsOf(t) +
		" EXCEPT SELECT " + names(t) + " FROM " + t.Name + " WHERE " + t.Columns[0].Name + " = ANY(" + ofArg(t) + ") " + t.Conflict
}

// ofArg is the argument behind those of the columns.
func ofArg(t *relational.Table) string { return "$" + strconv.Itoa(len(t.Columns)+1) + "::bigint[]" }

func names(t *relational.Table) string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = c.Name
	}
	return strings.Join(out, ", ")
}

// rowsOf selects the new rows from one array for each column.
func rowsOf(t *relational.Table) string {
	n := len(t.Columns)
	values, arrays, aliases := make([]string, n), make([]string, n), make([]string, n)
	for i, c := range t.Columns {
		aliases[i] = "c" + strconv.Itoa(i+1)
		values[i], arrays[i] = aliases[i], "$"+strconv.Itoa(i+1)+"::"+c.Type+"[]"
		if c.Type == wordsColumn {
			values[i], arrays[i] = `string_to_array(`+aliases[i]+`, E'\n')`, "$"+strconv.Itoa(i+1)+"::text[]"
		}
	}
	return "SELECT " + strings.Join(values, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") AS u(" + strings.Join(aliases, ", ") + ")"
}

// transpose makes an array of each column.
func transpose(t *relational.Table, values [][]any) ([]any, error) {
	out := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		var err error
		switch c.Type {
		case "bigint", "integer":
			out[i], err = column[int64](values, i)
		case "double precision":
			out[i], err = column[float64](values, i)
		case "text":
			out[i], err = column[string](values, i)
		case wordsColumn:
			out[i], err = lines(values, i)
		case "boolean":
			out[i], err = column[bool](values, i)
		case "bytea":
			out[i], err = column[[]byte](values, i)
		default:
			err = fmt.Errorf("type %s", c.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("postgres: column %s of %s: %w", c.Name, t.Name, err)
		}
	}
	return out, nil
}

func column[T any](values [][]any, i int) ([]T, error) {
	out := make([]T, len(values))
	for n, row := range values {
		v, ok := row[i].(T)
		if !ok {
			return nil, fmt.Errorf("a value of type %T", row[i])
		}
		out[n] = v
	}
	return out, nil
}

func lines(values [][]any, i int) ([]string, error) {
	lists, err := column[[]string](values, i)
	out := make([]string, len(lists))
	for n, list := range lists {
		out[n] = strings.Join(list, "\n")
	}
	return out, err
}
