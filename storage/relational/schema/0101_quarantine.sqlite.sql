-- Deliveries that could not be taken in, whole. Microseconds.
CREATE TABLE quarantine (
    id       text PRIMARY KEY,
    feed     text NOT NULL,
    key      text NOT NULL,
    received integer NOT NULL,
    reason   text NOT NULL,
    message  blob NOT NULL
);
CREATE INDEX quarantine_by_time ON quarantine (received, id);
