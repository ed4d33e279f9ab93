-- Resources, what they are found by, and what decisions depend on.
--
-- The same tables as in PostgreSQL. Surrogate keys (rid, person, shape.id) come
-- from one counter and never leave the database. Times are microseconds since
-- 1970 UTC. The index tables are clustered by resource: an update rewrites one
-- place, and a check of one resource reads one.

CREATE TABLE surrogate (next integer NOT NULL);
INSERT INTO surrogate (next) VALUES (1);

CREATE TABLE policy_version (
    one     integer PRIMARY KEY CHECK (one = 1),
    version integer NOT NULL
);
INSERT INTO policy_version (one, version) VALUES (1, 1);

-- The current version of each resource, deleted ones included.
CREATE TABLE resource (
    rid       integer PRIMARY KEY,
    type      text NOT NULL,
    id        text NOT NULL,
    version   integer NOT NULL,
    updated   integer NOT NULL,
    method    text NOT NULL,
    deleted   boolean NOT NULL,
    custodian text NOT NULL,
    judged    integer NOT NULL, -- fingerprint of what decisions turn on: index.Entries.Judged
    inputs    integer NOT NULL, -- 1: it feeds decisions; 2: it has identities
    body      blob NOT NULL
);
CREATE UNIQUE INDEX resource_by_id ON resource (id, type);
CREATE INDEX resource_by_type ON resource (type, rid) WHERE NOT deleted;
CREATE INDEX resource_by_time ON resource (updated, rid);

-- Older versions only.
CREATE TABLE history (
    rid     integer NOT NULL,
    version integer NOT NULL,
    updated integer NOT NULL,
    method  text NOT NULL,
    deleted boolean NOT NULL,
    judged  integer NOT NULL,
    body    blob NOT NULL,
    PRIMARY KEY (rid, version)
);
CREATE INDEX history_by_time ON history (updated, rid, version);

-- The index, one narrow table per type of entry. Long texts stand as the key
-- that relational.key makes of them.
CREATE TABLE token_entry (
    rid    integer NOT NULL,
    param  integer NOT NULL,
    system text NOT NULL,
    code   text NOT NULL,
    PRIMARY KEY (rid, param, system, code)
) WITHOUT ROWID;
CREATE INDEX token_by_code ON token_entry (param, code, system, rid);
CREATE INDEX token_by_system ON token_entry (param, system, rid);

CREATE TABLE string_entry (
    rid    integer NOT NULL,
    param  integer NOT NULL,
    folded text NOT NULL,
    exact  text NOT NULL,
    PRIMARY KEY (rid, param, folded, exact)
) WITHOUT ROWID;
CREATE INDEX string_by_start ON string_entry (param, substr(folded, 1, 64), rid);

CREATE TABLE date_entry (
    rid   integer NOT NULL,
    param integer NOT NULL,
    low   integer NOT NULL,
    high  integer NOT NULL,
    PRIMARY KEY (rid, param, low, high)
) WITHOUT ROWID;
CREATE INDEX date_by_low ON date_entry (param, low, high, rid);
CREATE INDEX date_by_high ON date_entry (param, high, rid);

CREATE TABLE number_entry (
    rid   integer NOT NULL,
    param integer NOT NULL,
    low   real NOT NULL,
    high  real NOT NULL,
    value real NOT NULL,
    PRIMARY KEY (rid, param, low, high, value)
) WITHOUT ROWID;
CREATE INDEX number_by_value ON number_entry (param, value, rid);

CREATE TABLE quantity_entry (
    rid    integer NOT NULL,
    param  integer NOT NULL,
    low    real NOT NULL,
    high   real NOT NULL,
    value  real NOT NULL,
    system text NOT NULL,
    code   text NOT NULL,
    unit   text NOT NULL,
    PRIMARY KEY (rid, param, low, high, value, system, code, unit)
) WITHOUT ROWID;
CREATE INDEX quantity_by_value ON quantity_entry (param, value, rid);

CREATE TABLE reference_entry (
    rid        integer NOT NULL,
    param      integer NOT NULL,
    type       text NOT NULL,
    id         text NOT NULL,
    version    integer NOT NULL,
    url        text NOT NULL,
    system     text NOT NULL,
    identifier text NOT NULL,
    PRIMARY KEY (rid, param, type, id, version, url, system, identifier)
) WITHOUT ROWID;
CREATE INDEX reference_by_id ON reference_entry (param, id, type, rid) WHERE id <> '';
CREATE INDEX reference_by_url ON reference_entry (param, url, rid) WHERE url <> '';
CREATE INDEX reference_by_identifier ON reference_entry (param, identifier, system, rid) WHERE identifier <> '';

CREATE TABLE uri_entry (
    rid   integer NOT NULL,
    param integer NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (rid, param, value)
) WITHOUT ROWID;
CREATE INDEX uri_by_value ON uri_entry (param, value, rid);

-- Effective security labels, each with where it came from.
CREATE TABLE label (
    rid    integer NOT NULL,
    system text NOT NULL,
    code   text NOT NULL,
    origin text NOT NULL,
    PRIMARY KEY (rid, code, system, origin)
) WITHOUT ROWID;

-- Persons: the Patients of one verified identity.
CREATE TABLE person (
    person integer PRIMARY KEY,
    shape  integer NOT NULL, -- 0: no consent
    card   text NOT NULL    -- JSON: the Patients and Consents, ready for a page
);
CREATE INDEX person_by_shape ON person (shape) WHERE shape <> 0;

CREATE TABLE patient (
    rid       integer PRIMARY KEY,
    id        text NOT NULL UNIQUE,
    custodian text NOT NULL,
    person    integer NOT NULL
);
CREATE INDEX patient_by_person ON patient (person);

CREATE TABLE identity (
    patient integer NOT NULL,
    system  text NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (patient, system, value)
) WITHOUT ROWID;
CREATE INDEX identity_by_value ON identity (value, system);

-- Each table below that has a patient repeats the patient's person: a search
-- meets it for every row, a link of persons changes it seldom.
CREATE TABLE subject (
    rid     integer NOT NULL,
    patient integer NOT NULL,
    person  integer NOT NULL,
    PRIMARY KEY (rid, patient)
) WITHOUT ROWID;
CREATE INDEX subject_by_person ON subject (person, rid);
CREATE INDEX subject_by_patient ON subject (patient);

CREATE TABLE shape (
    id    integer PRIMARY KEY,
    hash  blob NOT NULL UNIQUE,
    rules blob NOT NULL
);

CREATE TABLE consent (
    rid     integer NOT NULL,
    patient integer NOT NULL,
    person  integer NOT NULL,
    rules   blob NOT NULL,
    PRIMARY KEY (rid, patient)
);
CREATE INDEX consent_by_person ON consent (person);
CREATE INDEX consent_by_patient ON consent (patient);

CREATE TABLE relation (
    rid        integer NOT NULL,
    patient    integer NOT NULL,
    person     integer NOT NULL,
    custodian  text NOT NULL,
    party_type text NOT NULL,
    party_id   text NOT NULL,
    starts     integer NOT NULL,
    ends       integer NOT NULL
);
CREATE INDEX relation_of ON relation (rid);
CREATE INDEX relation_by_person ON relation (person, custodian, party_id);
CREATE INDEX relation_by_patient ON relation (patient);

CREATE TABLE member (
    rid         integer NOT NULL,
    custodian   text NOT NULL,
    member_type text NOT NULL,
    member_id   text NOT NULL,
    of_type     text NOT NULL,
    of_id       text NOT NULL,
    starts      integer NOT NULL,
    ends        integer NOT NULL
);
CREATE INDEX member_of_resource ON member (rid);
CREATE INDEX member_by_member ON member (member_type, member_id);

CREATE TABLE represents (
    rid     integer NOT NULL,
    patient integer NOT NULL,
    person  integer NOT NULL,
    starts  integer NOT NULL,
    ends    integer NOT NULL,
    PRIMARY KEY (rid, patient)
) WITHOUT ROWID;
CREATE INDEX represents_by_patient ON represents (patient);

CREATE TABLE custodian (id text PRIMARY KEY);

CREATE TABLE inbox (
    source  text NOT NULL,
    key     text NOT NULL,
    outcome blob NOT NULL,
    PRIMARY KEY (source, key)
);

-- The planner's statistics are written down, not measured: a store that was
-- never analysed would start some checks of one resource from a range of dates,
-- and a plan should not depend on when it last was. The figures are those of a
-- store of two million resources: rows, then rows for each longer prefix of the
-- index (https://www.sqlite.org/fileformat2.html#stat1tab).
ANALYZE;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('resource', 'resource_by_id', '2000000 1 1'),
    ('resource', 'resource_by_type', '2000000 50000 1'),
    ('resource', 'resource_by_time', '2000000 10 1'),
    ('token_entry', 'token_entry', '16000000 8 2 1 1'),
    ('token_entry', 'token_by_code', '16000000 50000 500 500 1'),
    ('token_entry', 'token_by_system', '16000000 50000 20000 1'),
    ('string_entry', 'string_entry', '2000000 8 2 1 1'),
    ('string_entry', 'string_by_start', '2000000 50000 50 1'),
    ('date_entry', 'date_entry', '4000000 2 1 1 1'),
    ('date_entry', 'date_by_low', '4000000 100000 20 20 1'),
    ('date_entry', 'date_by_high', '4000000 100000 20 1'),
    ('number_entry', 'number_entry', '100000 1 1 1 1 1'),
    ('number_entry', 'number_by_value', '100000 50000 500 1'),
    ('quantity_entry', 'quantity_entry', '1000000 2 1 1 1 1 1 1 1'),
    ('quantity_entry', 'quantity_by_value', '1000000 200000 500 1'),
    ('reference_entry', 'reference_entry', '8000000 4 1 1 1 1 1 1 1'),
    ('reference_entry', 'reference_by_id', '8000000 100000 100 100 1'),
    ('reference_entry', 'reference_by_url', '100000 10000 100 1'),
    ('reference_entry', 'reference_by_identifier', '100000 10000 100 100 1'),
    ('uri_entry', 'uri_entry', '1000000 1 1 1'),
    ('uri_entry', 'uri_by_value', '1000000 100000 20000 1'),
    ('label', 'label', '200000 2 1 1 1'),
    ('subject', 'subject', '2000000 1 1'),
    ('subject', 'subject_by_person', '2000000 200 1'),
    ('subject', 'subject_by_patient', '2000000 200'),
    ('person', 'person_by_shape', '5000 500'),
    ('patient', 'sqlite_autoindex_patient_1', '10000 1'),
    ('patient', 'patient_by_person', '10000 1'),
    ('identity', 'identity', '20000 2 1 1'),
    ('identity', 'identity_by_value', '20000 1 1'),
    ('consent', 'consent_by_person', '10000 2'),
    ('relation', 'relation_by_person', '40000 4 4 1');
ANALYZE sqlite_schema;
