-- Requests that are answered before they are carried out. Microseconds.
CREATE TABLE job (
    id      text PRIMARY KEY,
    owner   text NOT NULL,
    request blob NOT NULL,
    result  blob,
    started integer NOT NULL,
    alive   integer NOT NULL,
    expires integer NOT NULL
);
CREATE INDEX job_by_expiry ON job (expires);
