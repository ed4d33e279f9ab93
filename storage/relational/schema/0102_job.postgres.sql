-- Requests that are answered before they are carried out. Microseconds.
CREATE TABLE job (
    id      text PRIMARY KEY,
    owner   text NOT NULL,
    request bytea NOT NULL,
    result  bytea,
    started bigint NOT NULL,
    alive   bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX job_by_expiry ON job (expires);
