// Package deployment is the registry of deployments: the events of one stream
// of the log, and their fold, which says what plugin serves each entity type.
//
// All of it is one stream, because a plugin may declare several types and a
// commit is of one entity: so a deployment happens to all its types at once. The stream's sequence number is
// the registry's number: a commit that expects another one lost a race.
package deployment

import (
	"time"

	"github.com/eshost/eshost/stores"
)

// Stream is where deployments are recorded.
var Stream = stores.EntityID{Type: "_deployments", ID: "registry"}

// States says what becomes of the states that the plugins before have made.
type States string

const (
	// Refold: they are not used, and every entity is folded again from its events.
	Refold States = "refold"
	// Keep: they are those that this plugin would make, and are used as they are.
	Keep States = "keep"
)

// Type is an entity type that a deployment concerns.
type Type struct {
	Name   string
	States States
}

// Entry is an event of the registry: from its moment on a plugin serves some types.
type Entry struct {
	Seq      uint64 // of the registry, after it
	Time     time.Time
	Rollback bool          // back to the plugin that served before
	Plugin   stores.Digest // that serves from now on; its bytes are the blob of that digest
	Manifest stores.Digest // the blob of its manifest as the ABI has it; zero: of a rollback, or where there are no blobs
	Bytes    int           // of the plugin; 0: of a rollback
	Types    []Type        // at least one
	By       string        // who did it, as he says
	From     string        // from where
	Forced   bool          // although it cannot fold all that is stored
}
