-- Resources, what they are found by, and what decisions depend on.
--
-- Surrogate keys (rid, person, shape.id) come from one sequence and never leave
-- the database. Times are microseconds since 1970 UTC. Text compares by code
-- point, as in SQLite. Each table starts with the surrogate key by which it
-- could be distributed over several machines; unique keys that lack it
-- (resource by type and id, patient by id) would need a directory table then.

CREATE SEQUENCE surrogate;

CREATE TABLE policy_version (
    one     integer PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL
);
INSERT INTO policy_version (one, version) VALUES (1, 1);

-- The current version of each resource, deleted ones included.
CREATE TABLE resource (
    rid       bigint PRIMARY KEY,
    type      text COLLATE "C" NOT NULL,
    id        text COLLATE "C" NOT NULL,
    version   bigint NOT NULL,
    updated   bigint NOT NULL,
    method    text COLLATE "C" NOT NULL,
    deleted   boolean NOT NULL,
    custodian text COLLATE "C" NOT NULL,
    judged    bigint NOT NULL, -- fingerprint of what decisions turn on: index.Entries.Judged
    inputs    bigint NOT NULL, -- 1: it feeds decisions; 2: it has identities
    body      bytea NOT NULL
);
CREATE UNIQUE INDEX resource_by_id ON resource (id, type) INCLUDE (rid);
CREATE INDEX resource_by_type ON resource (type, rid) WHERE NOT deleted;
CREATE INDEX resource_by_time ON resource (updated, rid);

-- Older versions only.
CREATE TABLE history (
    rid     bigint NOT NULL,
    version bigint NOT NULL,
    updated bigint NOT NULL,
    method  text COLLATE "C" NOT NULL,
    deleted boolean NOT NULL,
    judged  bigint NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (rid, version)
);
CREATE INDEX history_by_time ON history (updated, rid, version);

-- lz4 reads several times as fast as the default; a server may lack it.
DO $$ BEGIN
    ALTER TABLE resource ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE history ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

-- The index, one narrow table per type of entry. Long texts stand as the key
-- that relational.key makes of them.
CREATE TABLE token_entry (
    rid    bigint NOT NULL,
    param  integer NOT NULL,
    system text COLLATE "C" NOT NULL,
    code   text COLLATE "C" NOT NULL
);
CREATE INDEX token_of ON token_entry (rid, param);
CREATE INDEX token_by_code ON token_entry (param, code, system, rid);
CREATE INDEX token_by_system ON token_entry (param, system, rid);

CREATE TABLE string_entry (
    rid    bigint NOT NULL,
    param  integer NOT NULL,
    folded text COLLATE "C" NOT NULL,
    exact  text COLLATE "C" NOT NULL
);
CREATE INDEX string_of ON string_entry (rid, param);
CREATE INDEX string_by_start ON string_entry (param, substr(folded, 1, 64), rid);

CREATE TABLE date_entry (
    rid   bigint NOT NULL,
    param integer NOT NULL,
    low   bigint NOT NULL,
    high  bigint NOT NULL
);
CREATE INDEX date_of ON date_entry (rid, param);
CREATE INDEX date_by_low ON date_entry (param, low, high, rid);
CREATE INDEX date_by_high ON date_entry (param, high, rid);

CREATE TABLE number_entry (
    rid   bigint NOT NULL,
    param integer NOT NULL,
    low   double precision NOT NULL,
    high  double precision NOT NULL,
    value double precision NOT NULL
);
CREATE INDEX number_of ON number_entry (rid, param);
CREATE INDEX number_by_value ON number_entry (param, value, rid);

CREATE TABLE quantity_entry (
    rid    bigint NOT NULL,
    param  integer NOT NULL,
    low    double precision NOT NULL,
    high   double precision NOT NULL,
    value  double precision NOT NULL,
    system text COLLATE "C" NOT NULL,
    code   text COLLATE "C" NOT NULL,
    unit   text COLLATE "C" NOT NULL
);
CREATE INDEX quantity_of ON quantity_entry (rid, param);
CREATE INDEX quantity_by_value ON quantity_entry (param, value, rid);

CREATE TABLE reference_entry (
    rid        bigint NOT NULL,
    param      integer NOT NULL,
    type       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    url        text COLLATE "C" NOT NULL,
    system     text COLLATE "C" NOT NULL,
    identifier text COLLATE "C" NOT NULL
);
CREATE INDEX reference_of ON reference_entry (rid, param);
CREATE INDEX reference_by_id ON reference_entry (param, id, type, rid) WHERE id <> '';
CREATE INDEX reference_by_url ON reference_entry (param, url, rid) WHERE url <> '';
CREATE INDEX reference_by_identifier ON reference_entry (param, identifier, system, rid) WHERE identifier <> '';

CREATE TABLE uri_entry (
    rid   bigint NOT NULL,
    param integer NOT NULL,
    value text COLLATE "C" NOT NULL
);
CREATE INDEX uri_of ON uri_entry (rid, param);
CREATE INDEX uri_by_value ON uri_entry (param, value, rid);

-- Effective security labels, each with where it came from.
CREATE TABLE label (
    rid    bigint NOT NULL,
    system text COLLATE "C" NOT NULL,
    code   text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    PRIMARY KEY (rid, code, system, origin)
);

-- Persons: the Patients of one verified identity.
CREATE TABLE person (
    person bigint PRIMARY KEY,
    shape  bigint NOT NULL, -- 0: no consent
    card   text NOT NULL    -- JSON: the Patients and Consents, ready for a page
);
CREATE INDEX person_by_shape ON person (shape) WHERE shape <> 0;

CREATE TABLE patient (
    rid       bigint PRIMARY KEY,
    id        text COLLATE "C" NOT NULL UNIQUE,
    custodian text COLLATE "C" NOT NULL,
    person    bigint NOT NULL
);
CREATE INDEX patient_by_person ON patient (person);

CREATE TABLE identity (
    patient bigint NOT NULL,
    system  text COLLATE "C" NOT NULL,
    value   text COLLATE "C" NOT NULL,
    PRIMARY KEY (patient, system, value)
);
CREATE INDEX identity_by_value ON identity (value, system);

-- Each table below that has a patient repeats the patient's person: a search
-- meets it for every row, a link of persons changes it seldom.
CREATE TABLE subject (
    rid     bigint NOT NULL,
    patient bigint NOT NULL,
    person  bigint NOT NULL,
    PRIMARY KEY (rid, patient)
);
CREATE INDEX subject_by_person ON subject (person, rid);
CREATE INDEX subject_by_patient ON subject (patient);

CREATE TABLE shape (
    id    bigint PRIMARY KEY,
    hash  bytea NOT NULL UNIQUE,
    rules bytea NOT NULL
);

CREATE TABLE consent (
    rid     bigint NOT NULL,
    patient bigint NOT NULL,
    person  bigint NOT NULL,
    rules   bytea NOT NULL,
    PRIMARY KEY (rid, patient)
);
CREATE INDEX consent_by_person ON consent (person);
CREATE INDEX consent_by_patient ON consent (patient);

CREATE TABLE relation (
    rid        bigint NOT NULL,
    patient    bigint NOT NULL,
    person     bigint NOT NULL,
    custodian  text COLLATE "C" NOT NULL,
    party_type text COLLATE "C" NOT NULL,
    party_id   text COLLATE "C" NOT NULL,
    starts     bigint NOT NULL,
    ends       bigint NOT NULL
);
CREATE INDEX relation_of ON relation (rid);
CREATE INDEX relation_by_person ON relation (person, custodian, party_id);
CREATE INDEX relation_by_patient ON relation (patient);

CREATE TABLE member (
    rid         bigint NOT NULL,
    custodian   text COLLATE "C" NOT NULL,
    member_type text COLLATE "C" NOT NULL,
    member_id   text COLLATE "C" NOT NULL,
    of_type     text COLLATE "C" NOT NULL,
    of_id       text COLLATE "C" NOT NULL,
    starts      bigint NOT NULL,
    ends        bigint NOT NULL
);
CREATE INDEX member_of_resource ON member (rid);
CREATE INDEX member_by_member ON member (member_type, member_id);

CREATE TABLE represents (
    rid     bigint NOT NULL,
    patient bigint NOT NULL,
    person  bigint NOT NULL,
    starts  bigint NOT NULL,
    ends    bigint NOT NULL,
    PRIMARY KEY (rid, patient)
);
CREATE INDEX represents_by_patient ON represents (patient);

CREATE TABLE custodian (id text COLLATE "C" PRIMARY KEY);

CREATE TABLE inbox (
    source  text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    outcome bytea NOT NULL,
    PRIMARY KEY (source, key)
);
