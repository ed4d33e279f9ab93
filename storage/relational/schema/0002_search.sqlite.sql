-- The complete search: which element an entry of a composite's component comes
-- from, positions, words, and how far the index is.
--
-- A primary key cannot change, so each table is made anew.

CREATE TABLE new_token_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL, -- 0, or which element of the resource the entry is of
    system  text NOT NULL,
    code    text NOT NULL,
    PRIMARY KEY (rid, param, system, code, element)
) WITHOUT ROWID;
INSERT INTO new_token_entry SELECT rid, param, 0, system, code FROM token_entry;
DROP TABLE token_entry;
ALTER TABLE new_token_entry RENAME TO token_entry;
CREATE INDEX token_by_code ON token_entry (param, code, system, rid);
CREATE INDEX token_by_system ON token_entry (param, system, rid);

CREATE TABLE new_string_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL,
    folded  text NOT NULL,
    exact   text NOT NULL,
    PRIMARY KEY (rid, param, folded, exact, element)
) WITHOUT ROWID;
INSERT INTO new_string_entry SELECT rid, param, 0, folded, exact FROM string_entry;
DROP TABLE string_entry;
ALTER TABLE new_string_entry RENAME TO string_entry;
CREATE INDEX string_by_start ON string_entry (param, substr(folded, 1, 64), rid);

CREATE TABLE new_date_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL,
    low     integer NOT NULL,
    high    integer NOT NULL,
    PRIMARY KEY (rid, param, low, high, element)
) WITHOUT ROWID;
INSERT INTO new_date_entry SELECT rid, param, 0, low, high FROM date_entry;
DROP TABLE date_entry;
ALTER TABLE new_date_entry RENAME TO date_entry;
CREATE INDEX date_by_low ON date_entry (param, low, high, rid);
CREATE INDEX date_by_high ON date_entry (param, high, rid);

CREATE TABLE new_number_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL,
    low     real NOT NULL,
    high    real NOT NULL,
    value   real NOT NULL,
    PRIMARY KEY (rid, param, low, high, value, element)
) WITHOUT ROWID;
INSERT INTO new_number_entry SELECT rid, param, 0, low, high, value FROM number_entry;
DROP TABLE number_entry;
ALTER TABLE new_number_entry RENAME TO number_entry;
CREATE INDEX number_by_value ON number_entry (param, value, rid);

CREATE TABLE new_quantity_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL,
    low     real NOT NULL,
    high    real NOT NULL,
    value   real NOT NULL,
    system  text NOT NULL,
    code    text NOT NULL,
    unit    text NOT NULL,
    PRIMARY KEY (rid, param, low, high, value, system, code, unit, element)
) WITHOUT ROWID;
INSERT INTO new_quantity_entry SELECT rid, param, 0, low, high, value, system, code, unit FROM quantity_entry;
DROP TABLE quantity_entry;
ALTER TABLE new_quantity_entry RENAME TO quantity_entry;
CREATE INDEX quantity_by_value ON quantity_entry (param, value, rid);

CREATE TABLE new_reference_entry (
    rid        integer NOT NULL,
    param      integer NOT NULL,
    element    integer NOT NULL,
    type       text NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL,
    url        text NOT NULL,
    system     text NOT NULL,
    identifier text NOT NULL,
    PRIMARY KEY (rid, param, type, id, version, url, system, identifier, element)
) WITHOUT ROWID;
INSERT INTO new_reference_entry SELECT rid, param, 0, type, id, version, url, system, identifier FROM reference_entry;
DROP TABLE reference_entry;
ALTER TABLE new_reference_entry RENAME TO reference_entry;
-- By the target first: an include of whatever refers to a resource names no
-- parameter.
CREATE INDEX reference_by_id ON reference_entry (id, param, type, rid) WHERE id <> '';
CREATE INDEX reference_by_url ON reference_entry (url, param, rid) WHERE url <> '';
CREATE INDEX reference_by_identifier ON reference_entry (param, identifier, system, rid) WHERE identifier <> '';

CREATE TABLE new_uri_entry (
    rid     integer NOT NULL,
    param   integer NOT NULL,
    element integer NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (rid, param, value, element)
) WITHOUT ROWID;
INSERT INTO new_uri_entry SELECT rid, param, 0, value FROM uri_entry;
DROP TABLE uri_entry;
ALTER TABLE new_uri_entry RENAME TO uri_entry;
CREATE INDEX uri_by_value ON uri_entry (param, value, rid);

CREATE INDEX resource_by_type_time ON resource (type, updated, rid);

-- Points on the earth as unit vectors. By z, a band of latitude is one range.
CREATE TABLE position_entry (
    rid   integer NOT NULL,
    param integer NOT NULL,
    x     real NOT NULL,
    y     real NOT NULL,
    z     real NOT NULL,
    PRIMARY KEY (rid, param, x, y, z)
) WITHOUT ROWID;
CREATE INDEX position_by_place ON position_entry (param, z, x, y, rid);

-- The words of the narrative and of all strings, by the resource's rid. The
-- tokenizer only separates: words come folded, and relational.ftsWord keeps
-- what it would break a word at.
CREATE VIRTUAL TABLE words USING fts5 (narrative, content,
    content = '', contentless_delete = 1, detail = column, tokenize = 'ascii');

-- What the index follows: row 0 is R4 itself and this program's way to read it,
-- each other row a SearchParameter that is a resource here. Where ready is not
-- set, the resources up to position are indexed by it, of those up to top.
CREATE TABLE parameter (
    rid        integer PRIMARY KEY,
    url        text NOT NULL,
    types      text NOT NULL, -- with a space before and behind each; '' is all
    definition blob NOT NULL,
    hash       text NOT NULL, -- of url, types and definition
    position   integer NOT NULL,
    top        integer NOT NULL, -- -1: not yet begun
    done       integer NOT NULL,
    total      integer NOT NULL,
    failed     integer NOT NULL, -- of done: what could not be read; it keeps its former entries
    ready      boolean NOT NULL
);

-- Who re-indexes, and until when (microseconds) the others leave it there.
CREATE TABLE index_lease (
    one    integer PRIMARY KEY CHECK (one = 1),
    holder text NOT NULL,
    until  integer NOT NULL
);
INSERT INTO index_lease (one, holder, until) VALUES (1, '', 0);

-- Grows with every change of the rows of parameter other than 0.
ALTER TABLE policy_version ADD COLUMN parameters integer NOT NULL DEFAULT 0;

-- The planner's statistics (see 0001) of the tables made anew, which went with
-- the old ones, and of the new indexes.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('resource', 'resource_by_type_time', '2000000 50000 10 1'),
    ('token_entry', 'token_entry', '16000000 8 2 1 1 1'),
    ('token_entry', 'token_by_code', '16000000 50000 500 500 1'),
    ('token_entry', 'token_by_system', '16000000 50000 20000 1'),
    ('string_entry', 'string_entry', '2000000 8 2 1 1 1'),
    ('string_entry', 'string_by_start', '2000000 50000 50 1'),
    ('date_entry', 'date_entry', '4000000 2 1 1 1 1'),
    ('date_entry', 'date_by_low', '4000000 100000 20 20 1'),
    ('date_entry', 'date_by_high', '4000000 100000 20 1'),
    ('number_entry', 'number_entry', '100000 1 1 1 1 1 1'),
    ('number_entry', 'number_by_value', '100000 50000 500 1'),
    ('quantity_entry', 'quantity_entry', '1000000 2 1 1 1 1 1 1 1 1'),
    ('quantity_entry', 'quantity_by_value', '1000000 200000 500 1'),
    ('reference_entry', 'reference_entry', '8000000 4 1 1 1 1 1 1 1 1'),
    ('reference_entry', 'reference_by_id', '8000000 200 100 100 1'),
    ('reference_entry', 'reference_by_url', '100000 200 100 1'),
    ('reference_entry', 'reference_by_identifier', '100000 10000 100 100 1'),
    ('uri_entry', 'uri_entry', '1000000 1 1 1 1'),
    ('uri_entry', 'uri_by_value', '1000000 100000 20000 1'),
    ('position_entry', 'position_entry', '20000 1 1 1 1 1'),
    ('position_entry', 'position_by_place', '20000 20000 2 1 1 1');
ANALYZE sqlite_schema;
