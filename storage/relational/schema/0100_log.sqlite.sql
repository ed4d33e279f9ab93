-- The log of accesses, its chain, and the token identifiers seen.
--
-- On SQLite these tables stand in two files. Records of writes go to the
-- resources' file, in the write's own transaction; records of reads, the chain
-- and the token identifiers to audit.db, so that a long write stops no read. One
-- connection writes a file at a time: event numbers are in the order of commit,
-- and the chain needs only to know how far it came in each file.

-- One access, about one patient or nobody. Times are milliseconds since 1970 UTC;
-- id, patient and terms are hashed keys (relational/log_row.go); body is the
-- record, compact, and leaf the SHA-256 of its canonical JSON.
CREATE TABLE audit_event (
    event    integer PRIMARY KEY AUTOINCREMENT,
    recorded integer NOT NULL,
    id       integer NOT NULL,
    patient  integer NOT NULL,
    leaf     blob NOT NULL,
    terms    blob NOT NULL,
    body     blob NOT NULL
);
CREATE INDEX audit_event_by_patient ON audit_event (patient, recorded);
CREATE INDEX audit_event_by_id ON audit_event (id);
CREATE INDEX audit_event_by_time ON audit_event (recorded);

CREATE TRIGGER audit_event_kept BEFORE UPDATE ON audit_event
BEGIN SELECT raise(ABORT, 'audit records are never changed'); END;
CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event
BEGIN SELECT raise(ABORT, 'audit records are never removed'); END;

-- The chain, a batch in a row: the records that follow the row before it
-- (members), the link after the last of them, and the signature over both.
CREATE TABLE audit_checkpoint (
    seq        integer PRIMARY KEY, -- position of the last record in the chain
    link       blob NOT NULL,
    at         integer NOT NULL, -- microseconds
    signature  blob NOT NULL,
    members    blob NOT NULL,
    sealed_to  integer NOT NULL, -- last event sealed of this file
    sealed_to2 integer NOT NULL  -- and of the resources' file
);

-- Who seals. Microseconds.
CREATE TABLE audit_sealer (
    one     integer PRIMARY KEY CHECK (one = 1),
    holder  text NOT NULL,
    expires integer NOT NULL
);
INSERT INTO audit_sealer (one, holder, expires) VALUES (1, '', 0);

-- Token identifiers seen, until they expire. Microseconds.
CREATE TABLE replay (
    key     blob PRIMARY KEY, -- SHA-256 of issuer and jti
    expires integer NOT NULL
) WITHOUT ROWID;
CREATE INDEX replay_by_expiry ON replay (expires);
