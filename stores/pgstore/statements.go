package pgstore

import (
	"crypto/sha256"
	"encoding/hex"
)

// statements are the texts of what is sent often.
type statements struct {
	insert, insertFenced, shared, order, place, flush statement
	lookup, nextBatch                                 string
	pluginNumber, pluginAdd, pluginList               string
	kindAdd, kindList                                 string
	raise                                             string
	heads, read, entities, head, scan                 string

	snapshotSave, snapshotLoad, snapshotDelete       string
	checkpointSave, checkpointLoad, checkpointDelete string
	blobSave, blobLoad, blobList                     string
}

// statement is one that a transaction sends by its name. Equal names are equal texts, also where
// stores with other tables share the server's connections.
type statement struct{ name, text string }

func (n names) statement(text string) statement {
	text = n.sql(text)
	sum := sha256.Sum256([]byte(text))
	return statement{"eshost_" + hex.EncodeToString(sum[:12]), text}
}

// newStatements writes the statements such that the plan of each is the same however small the tables were when it
// was made: the last of something is ORDER BY ... DESC LIMIT 1, which is one look at the index's end, and not max(), for
// which a server that expects one row reads them all. What is joined is a subquery that takes its rows one by one.
func newStatements(n names) statements {
	// The record before is at the number that the commit's token names, unless the caller has lost it. To look for
	// the last one before is dear: the index is then read by the page, and an entity's commits are neighbours in it.
	const insert = `
INSERT INTO {commits} (entity_type, entity_id, first_seq, last_seq, batch, place, slice, record)
SELECT u.t, u.i, u.f, u.l, $8::int8, u.o::int4, u.s, u.r
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int2[], $7::bytea[]) WITH ORDINALITY AS u(t, i, p, f, l, s, r, o)
WHERE (u.f = 1
OR u.f - 1 = (SELECT p.last_seq FROM {commits} p WHERE p.entity_type = u.t AND p.entity_id = u.i AND p.first_seq = u.p)
OR u.f - 1 = (
	SELECT p.last_seq FROM {commits} p
	WHERE p.entity_type = u.t AND p.entity_id = u.i AND p.first_seq < u.f ORDER BY p.first_seq DESC LIMIT 1))`
	const unlessFenced = `
AND NOT EXISTS (SELECT FROM {fences} e WHERE e.slice = u.s AND e.epoch > $9::text::numeric)`
	const insertEnd = `
ORDER BY u.o
ON CONFLICT (entity_type, entity_id, first_seq) DO NOTHING
RETURNING place`
	return statements{
		insert:       n.statement(insert + insertEnd),
		insertFenced: n.statement(insert + unlessFenced + insertEnd),
		shared:       n.statement(`SELECT pg_advisory_xact_lock_shared($1::int8)`),
		// Whoever has inserted nothing needs no place, and does not wait for one.
		order: n.statement(`SELECT pg_advisory_xact_lock($1::int8) WHERE EXISTS (SELECT FROM {commits} WHERE batch = $2::int8)`),
		place: n.statement(`
INSERT INTO {groups} (position, mark, batch, commits)
SELECT coalesce((SELECT position FROM {groups} ORDER BY position DESC LIMIT 1), 0) + 1, $2::int8, $1::int8, count(*) FROM {commits} WHERE batch = $1::int8 HAVING count(*) > 0
RETURNING position`),
		// Whatever was committed before is as durable as this once this is committed.
		flush: n.statement(`SELECT pg_logical_emit_message(true, 'eshost', '')`),
		// The record's own bytes only where they are not those of the commit.
		lookup: n.sql(`
SELECT c.first_seq, c.last_seq, g.position, g.mark, c.place, CASE WHEN sha256(c.record) <> u.h THEN c.record END,
	EXISTS (SELECT FROM {fences} e WHERE e.slice = u.s AND e.epoch > $6::text::numeric)
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int2[], $5::bytea[]) WITH ORDINALITY AS u(t, i, f, s, h, o)
LEFT JOIN LATERAL (SELECT first_seq, last_seq, batch, place, record FROM {commits} WHERE entity_type = u.t AND entity_id = u.i AND first_seq = u.f LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT position, mark FROM {groups} WHERE batch = c.batch LIMIT 1) g ON true
ORDER BY u.o`),
		nextBatch:    `SELECT nextval($1::text::regclass)`,
		pluginNumber: n.sql(`SELECT number FROM {plugins} WHERE digest = $1`),
		pluginAdd:    n.sql(`INSERT INTO {plugins} (digest) VALUES ($1) ON CONFLICT (digest) DO NOTHING`),
		pluginList:   n.sql(`SELECT number, digest FROM {plugins}`),
		kindAdd:      n.sql(`INSERT INTO {kinds} (entity_type, name, version) SELECT t, n, v FROM unnest($1::text[], $2::text[], $3::int8[]) AS u(t, n, v) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`),
		kindList:     n.sql(`SELECT name, version FROM {kinds} WHERE entity_type = $1 ORDER BY name, version`),
		raise: n.sql(`
INSERT INTO {fences} AS f (slice, epoch) SELECT s, $3::text::numeric FROM generate_series($1::int, $2::int) AS s
ON CONFLICT (slice) DO UPDATE SET epoch = excluded.epoch WHERE f.epoch < excluded.epoch`),
		heads: n.sql(`
SELECT coalesce(c.first_seq, 0), coalesce(c.last_seq, 0) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(t, i, o)
LEFT JOIN LATERAL (SELECT first_seq, last_seq FROM {commits} WHERE entity_type = u.t AND entity_id = u.i ORDER BY first_seq DESC LIMIT 1) c ON true
ORDER BY u.o`),
		// The record that holds the event after a number begins right behind the number or before. The answer ends
		// with the record that makes it as large as a page: a server sends all of an answer, whoever wants it.
		read: n.sql(`
SELECT first_seq, last_seq, position, mark, place, record FROM (
	SELECT r.*, sum(octet_length(record)) OVER (ORDER BY first_seq ROWS UNBOUNDED PRECEDING) - octet_length(record) AS bytes_before FROM (
		SELECT c.first_seq, c.last_seq, g.position, g.mark, c.place, c.record FROM {commits} c
		LEFT JOIN LATERAL (SELECT position, mark FROM {groups} WHERE batch = c.batch LIMIT 1) g ON true
		WHERE c.entity_type = $1 AND c.entity_id = $2 AND c.first_seq <= $4 AND c.first_seq >= coalesce(
			(SELECT first_seq FROM {commits} WHERE entity_type = $1 AND entity_id = $2 AND first_seq <= $3 ORDER BY first_seq DESC LIMIT 1), $3)
		ORDER BY c.first_seq LIMIT $5) r) s
WHERE bytes_before < $6 ORDER BY first_seq`),
		// From one entity to the next by the index, however many commits each has.
		entities: n.sql(`
WITH RECURSIVE e(id) AS (
	(SELECT entity_id FROM {commits} WHERE entity_type = $1 AND entity_id > $2 ORDER BY entity_id LIMIT 1)
	UNION ALL
	SELECT (SELECT c.entity_id FROM {commits} c WHERE c.entity_type = $1 AND c.entity_id > e.id ORDER BY c.entity_id LIMIT 1) FROM e WHERE e.id IS NOT NULL
)
SELECT id FROM e WHERE id IS NOT NULL LIMIT $3`),
		// Beside the log's last commit, whether there is a certain event.
		head: n.sql(`
SELECT coalesce(g.position, 0), coalesce(g.mark, 0), coalesce(c.place, 0), coalesce(c.last_seq - c.first_seq, 0),
	EXISTS (SELECT FROM {commits} WHERE batch = (SELECT batch FROM {groups} WHERE position = $1 AND mark = $2) AND place = $3 AND last_seq - first_seq >= $4)
FROM (SELECT) AS one
LEFT JOIN LATERAL (SELECT position, mark, batch FROM {groups} ORDER BY position DESC LIMIT 1) g ON true
LEFT JOIN LATERAL (SELECT place, first_seq, last_seq FROM {commits} WHERE batch = g.batch ORDER BY place DESC LIMIT 1) c ON true`),
		// All conditions on commits are ones of their index: only those that are wanted are looked at.
		scan: n.sql(`
SELECT first_seq, last_seq, position, mark, place, record, entity_type, entity_id, commits FROM (
	SELECT r.*, sum(octet_length(record)) OVER (ORDER BY position, place ROWS UNBOUNDED PRECEDING) - octet_length(record) AS bytes_before FROM (
		SELECT c.first_seq, c.last_seq, g.position, g.mark, c.place, c.record, c.entity_type, c.entity_id, g.commits
		FROM (SELECT position, mark, batch, commits FROM {groups} WHERE position BETWEEN $1 AND $2 ORDER BY position OFFSET 0) g
		CROSS JOIN LATERAL (
			SELECT first_seq, last_seq, place, record, entity_type, entity_id FROM {commits}
			WHERE batch = g.batch AND place > CASE WHEN g.position = $1 THEN $3 ELSE 0 END AND slice >= $4 AND slice < $5 AND entity_type >= $6 AND entity_type <= $7
			ORDER BY place OFFSET 0) c
		ORDER BY g.position, c.place LIMIT $8) r) s
WHERE bytes_before < $9 ORDER BY position, place`),

		snapshotSave: n.sql(`
INSERT INTO {snapshots} AS old (entity_type, entity_id, log_id, seq, snapshot) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (entity_type, entity_id) DO UPDATE SET log_id = excluded.log_id, seq = excluded.seq, snapshot = excluded.snapshot
WHERE old.log_id <> excluded.log_id OR old.seq <= excluded.seq`),
		snapshotLoad: n.sql(`
SELECT u.o, s.snapshot FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(t, i, o)
CROSS JOIN LATERAL (SELECT snapshot FROM {snapshots} WHERE entity_type = u.t AND entity_id = u.i LIMIT 1) s`),
		snapshotDelete: n.sql(`DELETE FROM {snapshots} WHERE entity_type = $1 AND entity_id = $2`),
		checkpointSave: n.sql(`
INSERT INTO {checkpoints} (name, position) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = excluded.position`),
		checkpointLoad:   n.sql(`SELECT position FROM {checkpoints} WHERE name = $1`),
		checkpointDelete: n.sql(`DELETE FROM {checkpoints} WHERE name = $1`),
		blobSave: n.sql(`
INSERT INTO {blobs} AS old (digest, blob) VALUES ($1, $2) ON CONFLICT (digest) DO UPDATE SET blob = excluded.blob WHERE old.blob <> excluded.blob`),
		blobLoad: n.sql(`SELECT blob FROM {blobs} WHERE digest = $1`),
		blobList: n.sql(`SELECT digest FROM {blobs} ORDER BY digest`),
	}
}
