package pgstore

import (
	"context"
	"fmt"

	"github.com/eshost/eshost/stores"
)

// server are the settings of a session that decide what a commit survives.
type server struct {
	fsync, commit, standbys string
}

// findDurability asks the server what it does before it acknowledges a commit.
func (s *Store) findDurability(ctx context.Context) error {
	var v server
	err := s.pool.QueryRow(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names')").
		Scan(&v.fsync, &v.commit, &v.standbys)
	if err != nil {
		return s.failure(err)
	}
	s.info.Durability, s.info.DurabilityIs = v.durability()
	if s.info.Durability < stores.Synced {
		s.o.Logger.Warn("the server does not keep what it acknowledges: turn fsync and synchronous_commit on unless the data may be lost",
			"durability", s.info.DurabilityIs, "fsync", v.fsync, "synchronous_commit", v.commit)
	} else {
		s.o.Logger.Info("opened the store", "durability", s.info.DurabilityIs)
	}
	return nil
}

// durability is the level that the settings give, and the same in words.
func (v server) durability() (stores.Durability, string) {
	switch {
	case v.commit == "off":
		return stores.Volatile, "synchronous_commit is off: commits are acknowledged before they are written, and those of the last moments are lost when the server crashes"
	case v.fsync == "off":
		return stores.Process, "fsync is off: commits survive the processes, and a crash of the server's machine may lose or destroy everything"
	case v.standbys != "" && v.commit == "remote_write":
		return stores.Replicated, fmt.Sprintf("every commit is synced to the server's disk, and written by the standbys %s, before it is acknowledged", v.standbys)
	case v.standbys != "" && v.commit != "local":
		return stores.Replicated, fmt.Sprintf("every commit is synced to the disks of the server and of the standbys %s before it is acknowledged", v.standbys)
	default:
		return stores.Synced, "every commit is synced to the disk of the server before it is acknowledged"
	}
}
