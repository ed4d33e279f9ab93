package relational

// columns makes Columns from pairs "name type"; the type may have a space.
func columns(of ...string) []Column {
	out := make([]Column, len(of)/2)
	for i := range out {
		out[i] = Column{of[2*i], of[2*i+1]}
	}
	return out
}

const float = "double precision"

// words is the type of a column of folded words, a []string in Go: each once,
// as wordKeys makes them.
const words = "words"

// The tables that Apply fills in bulk. An entry that a resource has twice is
// one row where a primary key says so.
var (
	resourceTable = &Table{
		Name: "resource",
		Columns: columns("rid", "bigint", "type", "text", "id", "text", "version", "bigint", "updated", "bigint", "method", "text",
			"deleted", "boolean", "custodian", "text", "judged", "bigint", "inputs", "bigint", "body", "bytea"),
		Conflict: `ON CONFLICT (rid) DO UPDATE SET version = excluded.version, updated = excluded.updated, method = excluded.method,
			deleted = excluded.deleted, judged = excluded.judged, inputs = excluded.inputs, body = excluded.body`,
	}
	tokenTable = &Table{
		Name:     "token_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "element", "integer", "system", "text", "code", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	stringTable = &Table{
		Name:     "string_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "element", "integer", "folded", "text", "exact", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	dateTable = &Table{
		Name:     "date_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "element", "integer", "low", "bigint", "high", "bigint"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	numberTable = &Table{
		Name:     "number_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "element", "integer", "low", float, "high", float, "value", float),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	quantityTable = &Table{
		Name: "quantity_entry",
		Columns: columns("rid", "bigint", "param", "integer", "element", "integer", "low", float, "high", float, "value", float,
			"system", "text", "code", "text", "unit", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	referenceTable = &Table{
		Name: "reference_entry",
		Columns: columns("rid", "bigint", "param", "integer", "element", "integer", "type", "text", "id", "text", "version", "bigint", "url", "text",
			"system", "text", "identifier", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	uriTable = &Table{
		Name:     "uri_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "element", "integer", "value", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	positionTable = &Table{
		Name:     "position_entry",
		Columns:  columns("rid", "bigint", "param", "integer", "x", float, "y", float, "z", float),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	wordsTable = &Table{
		Name:    "words",
		Columns: columns("rowid", "bigint", "narrative", words, "content", words),
	}
	labelTable = &Table{
		Name:     "label",
		Columns:  columns("rid", "bigint", "system", "text", "code", "text", "origin", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	subjectTable = &Table{
		Name:     "subject",
		Columns:  columns("rid", "bigint", "patient", "bigint", "person", "bigint"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	personTable = &Table{
		Name:     "person",
		Columns:  columns("person", "bigint", "shape", "bigint", "card", "text"),
		Conflict: "ON CONFLICT (person) DO UPDATE SET shape = excluded.shape, card = excluded.card",
	}
	patientTable = &Table{
		Name:     "patient",
		Columns:  columns("rid", "bigint", "id", "text", "custodian", "text", "person", "bigint"),
		Conflict: "ON CONFLICT (rid) DO UPDATE SET person = excluded.person",
	}
	identityTable = &Table{
		Name:     "identity",
		Columns:  columns("patient", "bigint", "system", "text", "value", "text"),
		Conflict: "ON CONFLICT DO NOTHING",
	}
	shapeTable = &Table{
		Name:     "shape",
		Columns:  columns("id", "bigint", "hash", "bytea", "rules", "bytea"),
		Conflict: "ON CONFLICT (hash) DO NOTHING",
	}
	consentTable = &Table{
		Name:    "consent",
		Columns: columns("rid", "bigint", "patient", "bigint", "person", "bigint", "rules", "bytea"),
	}
	relationTable = &Table{
		Name: "relation",
		Columns: columns("rid", "bigint", "patient", "bigint", "person", "bigint", "custodian", "text",
			"party_type", "text", "party_id", "text", "starts", "bigint", "ends", "bigint"),
	}
	memberTable = &Table{
		Name: "member",
		Columns: columns("rid", "bigint", "custodian", "text", "member_type", "text", "member_id", "text",
			"of_type", "text", "of_id", "text", "starts", "bigint", "ends", "bigint"),
	}
	representsTable = &Table{
		Name:    "represents",
		Columns: columns("rid", "bigint", "patient", "bigint", "person", "bigint", "starts", "bigint", "ends", "bigint"),
	}
	parameterTable = &Table{
		Name: "parameter",
		Columns: columns("rid", "bigint", "url", "text", "types", "text", "definition", "bytea", "hash", "text",
			"position", "bigint", "top", "bigint", "done", "bigint", "total", "bigint", "failed", "bigint", "ready", "boolean"),
		Conflict: `ON CONFLICT (rid) DO UPDATE SET url = excluded.url, types = excluded.types, definition = excluded.definition,
			hash = excluded.hash, position = excluded.position, top = excluded.top, done = excluded.done, total = excluded.total,
			failed = excluded.failed, ready = excluded.ready WHERE parameter.hash <> excluded.hash`,
	}
)

// entryTables are those that hold what a resource is found by.
var entryTables = []*Table{tokenTable, stringTable, dateTable, numberTable, quantityTable, referenceTable, uriTable, positionTable, wordsTable}
