-- The log of accesses, its chain, and the token identifiers seen.
--
-- Many transactions write at once, so event numbers are not in the order of
-- commit: a trigger notes each new record in audit_pending, in its own
-- transaction, and the sealer takes it away when the record is in the chain.

-- One access, about one patient or nobody. Times are milliseconds since 1970 UTC;
-- id, patient and terms are hashed keys (relational/log_row.go); body is the
-- record, compact, and leaf the SHA-256 of its canonical JSON.
CREATE TABLE audit_event (
    event    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded bigint NOT NULL,
    id       bigint NOT NULL,
    patient  bigint NOT NULL,
    leaf     bytea NOT NULL,
    terms    bytea NOT NULL,
    body     bytea NOT NULL
);
CREATE INDEX audit_event_by_patient ON audit_event (patient, recorded);
CREATE INDEX audit_event_by_id ON audit_event (id);
CREATE INDEX audit_event_by_time ON audit_event (recorded);

CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit records are never changed or removed';
END $$;
CREATE TRIGGER audit_event_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();

-- Records not yet in the chain. It stays small and changes all the time.
CREATE TABLE audit_pending (event bigint NOT NULL)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE FUNCTION audit_event_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event) SELECT event FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_event_noted AFTER INSERT ON audit_event
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_event_note();

-- The chain, a batch in a row: the records that follow the row before it
-- (members), the link after the last of them, and the signature over both.
CREATE TABLE audit_checkpoint (
    seq        bigint PRIMARY KEY, -- position of the last record in the chain
    link       bytea NOT NULL,
    at         bigint NOT NULL, -- microseconds
    signature  bytea NOT NULL,
    members    bytea NOT NULL,
    sealed_to  bigint NOT NULL, -- not used here: see audit_pending
    sealed_to2 bigint NOT NULL
);

-- Who seals. Microseconds.
CREATE TABLE audit_sealer (
    one     integer PRIMARY KEY CHECK (one = 1),
    holder  text NOT NULL,
    expires bigint NOT NULL
);
INSERT INTO audit_sealer (one, holder, expires) VALUES (1, '', 0);

-- Token identifiers seen, until they expire. Microseconds.
CREATE TABLE replay (
    key     bytea PRIMARY KEY, -- SHA-256 of issuer and jti
    expires bigint NOT NULL
);
CREATE INDEX replay_by_expiry ON replay (expires);
