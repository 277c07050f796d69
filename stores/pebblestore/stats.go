package pebblestore

// Stats are counters since the store was opened.
type Stats struct {
	Writes  uint64 // durable writes
	Commits uint64 // in them
	Bytes   uint64 // which they put into the write-ahead log, without its framing
}

// Stats returns the store's counters.
func (s *Store) Stats() Stats {
	return Stats{s.stats.writes.Load(), s.stats.commits.Load(), s.stats.bytes.Load()}
}
