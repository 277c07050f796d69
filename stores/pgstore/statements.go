package pgstore

// statements are the texts of what is sent often.
type statements struct {
	insert, insertFenced, order, place, lookup string
	nextBatch                                  string
	pluginNumber, pluginAdd, pluginList        string
	kindAdd, kindList                          string
	raise                                      string
	heads, read, entities, head, scan          string

	snapshotSave, snapshotLoad, snapshotDelete       string
	checkpointSave, checkpointLoad, checkpointDelete string
	blobSave, blobLoad, blobList                     string
}

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
	const columns = `c.first_seq, c.last_seq, g.position, c.place, c.record`
	return statements{
		insert:       n.sql(insert + insertEnd),
		insertFenced: n.sql(insert + unlessFenced + insertEnd),
		order:        `SELECT pg_advisory_xact_lock($1::int8)`,
		place: n.sql(`
INSERT INTO {groups} (position, batch, commits)
SELECT coalesce((SELECT max(position) FROM {groups}), 0) + 1, $1::int8, count(*) FROM {commits} WHERE batch = $1::int8 HAVING count(*) > 0
RETURNING position`),
		lookup: n.sql(`
SELECT ` + columns + `, coalesce(e.epoch > $5::text::numeric, false)
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int2[]) WITH ORDINALITY AS u(t, i, f, s, o)
LEFT JOIN {commits} c ON c.entity_type = u.t AND c.entity_id = u.i AND c.first_seq = u.f
LEFT JOIN {groups} g ON g.batch = c.batch
LEFT JOIN {fences} e ON e.slice = u.s
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
		// The record that holds the event after a number begins right behind the number or before.
		read: n.sql(`
SELECT ` + columns + ` FROM {commits} c LEFT JOIN {groups} g ON g.batch = c.batch
WHERE c.entity_type = $1 AND c.entity_id = $2 AND c.first_seq <= $4 AND c.first_seq >= coalesce(
	(SELECT max(first_seq) FROM {commits} WHERE entity_type = $1 AND entity_id = $2 AND first_seq <= $3), $3)
ORDER BY c.first_seq LIMIT $5`),
		// From one entity to the next by the index, however many commits each has.
		entities: n.sql(`
WITH RECURSIVE e(id) AS (
	(SELECT entity_id FROM {commits} WHERE entity_type = $1 AND entity_id > $2 ORDER BY entity_id LIMIT 1)
	UNION ALL
	SELECT (SELECT c.entity_id FROM {commits} c WHERE c.entity_type = $1 AND c.entity_id > e.id ORDER BY c.entity_id LIMIT 1) FROM e WHERE e.id IS NOT NULL
)
SELECT id FROM e WHERE id IS NOT NULL LIMIT $3`),
		// Beside the log's last commit, whether there is a certain one.
		head: n.sql(`
SELECT coalesce(g.position, 0), coalesce(c.place, 0), coalesce(c.last_seq - c.first_seq, 0),
	EXISTS (SELECT FROM {groups} h JOIN {commits} d ON d.batch = h.batch WHERE h.position = $1 AND d.place = $2)
FROM (SELECT) AS one
LEFT JOIN (SELECT position, batch FROM {groups} ORDER BY position DESC LIMIT 1) g ON true
LEFT JOIN LATERAL (SELECT place, first_seq, last_seq FROM {commits} WHERE batch = g.batch ORDER BY place DESC LIMIT 1) c ON true`),
		scan: n.sql(`
SELECT ` + columns + `, c.entity_type, c.entity_id, g.commits
FROM {groups} g JOIN {commits} c ON c.batch = g.batch
WHERE g.position BETWEEN $1 AND $2 AND (g.position > $1 OR c.place > $3)
AND c.slice >= $4 AND c.slice < $5 AND ($6::text = '' OR c.entity_type = $6::text)
ORDER BY g.position, c.place LIMIT $7`),

		snapshotSave: n.sql(`
INSERT INTO {snapshots} AS old (entity_type, entity_id, log_id, seq, snapshot) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (entity_type, entity_id) DO UPDATE SET log_id = excluded.log_id, seq = excluded.seq, snapshot = excluded.snapshot
WHERE old.log_id <> excluded.log_id OR old.seq <= excluded.seq`),
		snapshotLoad: n.sql(`
SELECT u.o, s.snapshot FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(t, i, o)
JOIN {snapshots} s ON s.entity_type = u.t AND s.entity_id = u.i`),
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
