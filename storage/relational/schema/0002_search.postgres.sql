-- The complete search: which element an entry of a composite's component comes
-- from, positions, words, and how far the index is.

-- 0 in element, or which element of the resource the entry is of.
ALTER TABLE token_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE string_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE date_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE number_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE quantity_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE reference_entry ADD COLUMN element integer NOT NULL DEFAULT 0;
ALTER TABLE uri_entry ADD COLUMN element integer NOT NULL DEFAULT 0;

-- By the target first: an include of whatever refers to a resource names no
-- parameter.
DROP INDEX reference_by_id, reference_by_url;
CREATE INDEX reference_by_id ON reference_entry (id, param, type, rid) WHERE id <> '';
CREATE INDEX reference_by_url ON reference_entry (url, param, rid) WHERE url <> '';

CREATE INDEX resource_by_type_time ON resource (type, updated, rid);

-- Points on the earth as unit vectors. By z, a band of latitude is one range.
CREATE TABLE position_entry (
    rid   bigint NOT NULL,
    param integer NOT NULL,
    x     double precision NOT NULL,
    y     double precision NOT NULL,
    z     double precision NOT NULL
);
CREATE INDEX position_of ON position_entry (rid, param);
CREATE INDEX position_by_place ON position_entry (param, z, x, y, rid);

-- The words of the narrative and of all strings, by the resource's rid. They
-- come folded and are sets, so there is nothing for a text search configuration
-- to do; a tsvector would be limited to 1 MB and say no more.
CREATE TABLE words (
    rowid     bigint PRIMARY KEY,
    narrative text[] COLLATE "C" NOT NULL,
    content   text[] COLLATE "C" NOT NULL
);
CREATE INDEX words_of_narrative ON words USING gin (narrative);
CREATE INDEX words_of_content ON words USING gin (content);

-- What the index follows: row 0 is R4 itself and this program's way to read it,
-- each other row a SearchParameter that is a resource here. Where ready is not
-- set, the resources up to position are indexed by it, of those up to top.
CREATE TABLE parameter (
    rid        bigint PRIMARY KEY,
    url        text COLLATE "C" NOT NULL,
    types      text COLLATE "C" NOT NULL, -- with a space before and behind each; '' is all
    definition bytea NOT NULL,
    hash       text COLLATE "C" NOT NULL, -- of url, types and definition
    position   bigint NOT NULL,
    top        bigint NOT NULL, -- -1: not yet begun
    done       bigint NOT NULL,
    total      bigint NOT NULL,
    failed     bigint NOT NULL, -- of done: what could not be read; it keeps its former entries
    ready      boolean NOT NULL
);

-- Who re-indexes, and until when (microseconds) the others leave it there.
CREATE TABLE index_lease (
    one    integer PRIMARY KEY CHECK (one = 1),
    holder text NOT NULL,
    until  bigint NOT NULL
);
INSERT INTO index_lease (one, holder, until) VALUES (1, '', 0);

-- Grows with every change of the rows of parameter other than 0.
ALTER TABLE policy_version ADD COLUMN parameters bigint NOT NULL DEFAULT 0;
