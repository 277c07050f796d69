-- What the store says about itself: one row.
CREATE TABLE {meta} (
	one      boolean PRIMARY KEY DEFAULT true CHECK (one),
	format   integer NOT NULL,
	log_id   uuid NOT NULL,
	slices   integer NOT NULL,
	created  timestamptz NOT NULL DEFAULT now()
);

-- The log: one row for each commit, which is the events first_seq to last_seq of one entity. The key is the
-- concurrency check. record is the stored form of a commit, whose checksum covers the key.
CREATE TABLE {commits} (
	entity_type text COLLATE "C" NOT NULL,
	entity_id   text COLLATE "C" NOT NULL,
	first_seq   bigint NOT NULL,
	last_seq    bigint NOT NULL,
	batch       bigint NOT NULL,
	place       integer NOT NULL,
	slice       smallint NOT NULL,
	record      bytea NOT NULL,
	PRIMARY KEY (entity_type, entity_id, first_seq)
);
ALTER TABLE {commits} ALTER COLUMN record SET STORAGE EXTERNAL;
-- The condition holds for every row, and follows from what the feed asks for alone: a statement that looks for a key, and
-- is planned while the table is all but empty, cannot mistake this index for its own.
CREATE INDEX {commits_feed} ON {commits} (batch, place, slice, entity_type) WHERE batch IS NOT NULL;

-- The order of the feed: one row for each transaction that appended, position 1, 2, 3, ... in the order in which they
-- were committed. Its commits are those of the batch, by place. mark is drawn at random: it tells a group from another
-- that got the same position after this one was lost, as when a database is restored.
CREATE TABLE {groups} (
	position bigint PRIMARY KEY,
	mark     bigint NOT NULL,
	batch    bigint NOT NULL UNIQUE,
	commits  integer NOT NULL
);
-- Numbers for batches, a thousand at a time. They only tell batches apart: the order is that of the groups.
CREATE SEQUENCE {batches} INCREMENT BY 1000;

-- Digests of plugins, by the number that records have.
CREATE TABLE {plugins} (
	number bigint GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0) PRIMARY KEY,
	digest bytea NOT NULL UNIQUE
);

-- Every (event name, version) that a type has ever had.
CREATE TABLE {kinds} (
	entity_type text COLLATE "C" NOT NULL,
	name        text COLLATE "C" NOT NULL,
	version     bigint NOT NULL,
	PRIMARY KEY (entity_type, name, version)
);

-- The newest epoch of each slice that has been fenced.
CREATE TABLE {fences} (
	slice smallint PRIMARY KEY,
	epoch numeric(20) NOT NULL
);

CREATE TABLE {snapshots} (
	entity_type text COLLATE "C" NOT NULL,
	entity_id   text COLLATE "C" NOT NULL,
	log_id      uuid NOT NULL,
	seq         bigint NOT NULL,
	snapshot    bytea NOT NULL,
	PRIMARY KEY (entity_type, entity_id)
);
ALTER TABLE {snapshots} ALTER COLUMN snapshot SET STORAGE EXTERNAL;

CREATE TABLE {checkpoints} (
	name     text COLLATE "C" PRIMARY KEY,
	position text NOT NULL
);

CREATE TABLE {blobs} (
	digest bytea PRIMARY KEY,
	blob   bytea NOT NULL
);
ALTER TABLE {blobs} ALTER COLUMN blob SET STORAGE EXTERNAL;
