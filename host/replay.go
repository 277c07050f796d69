package host

import (
	"context"
	"fmt"
	"iter"

	"github.com/eshost/eshost/host/internal/replay"
	"github.com/eshost/eshost/stores"
)

type (
	// ReplayReport is how far a replay is, and what it found so far.
	ReplayReport = replay.Report
	// ReplayFinding is what replaying gave of one entity whose states are not equal.
	ReplayFinding = replay.Finding
	// Verdict is what replaying gave of one entity.
	Verdict = replay.Verdict
	// Redecided counts commits by what came of deciding their commands again.
	Redecided = replay.Decided
	// Redecision is a commit whose commands were decided differently.
	Redecision = replay.Redecision
	// Did is what a command did.
	Did = replay.Did
	// Verification is what came of deciding an entity's commands again by the plugins that decided them.
	Verification = replay.Verified
	// VerifiedPlugin is the part of one plugin in a Verification.
	VerifiedPlugin = replay.VerifiedPlugin
	// NotReachedError says that an entity has not come to a sequence number.
	NotReachedError = replay.NotReachedError
)

// The verdicts.
const (
	Equal      = replay.Equal      // the same state
	Different  = replay.Different  // different states
	Faulty     = replay.Faulty     // the plugin cannot fold an event that the serving one can
	Mended     = replay.Mended     // the serving plugin cannot fold an event, this one can fold them all
	Broken     = replay.Broken     // neither can fold the events
	Unreadable = replay.Unreadable // the log's own records are damaged
	Verdicts   = replay.Verdicts   // how many there are
)

// StateAt returns the state that an entity had after the event with the sequence number, as the plugin that
// serves its type folds the events, or the plugin of these bytes, which need not serve anything. Nothing is changed, and
// nobody who is served waits for it.
//
// # Errors
//
//   - *NotReachedError: the entity has not come to that number; ErrNoEvents: it does not exist
//   - *Fault: the plugin cannot fold an event up to there, which its Seq names
//   - *LoadError, ErrIncompatible: the plugin cannot be loaded, or does not declare the type
//   - ErrInvalidID, ErrUnknownType, and the log's
func (h *Host) StateAt(ctx context.Context, id stores.EntityID, seq uint64, wasm []byte) (State, error) {
	if err := id.Validate(); err != nil {
		return State{}, err
	}
	if seq == 0 {
		return State{}, fmt.Errorf("read %s at 0, which is before the first event: %w", id, ErrNoEvents)
	}
	p, release, err := h.replayed(ctx, id.Type, wasm)
	if err != nil {
		return State{}, err
	}
	defer release()
	s, err := h.replays.State(ctx, p, id, seq)
	if err != nil {
		return State{}, err
	}
	return *s, nil
}

// ReplayQuery says which history is replayed, and how.
type ReplayQuery struct {
	Type   string
	IDs    []string        // of the entities; nil: all of the type
	Sample float64         // share of them, above 0 and up to 1; 0: all. The same entities each time
	Seq    uint64          // of each entity, to end at; 0: its last event
	Until  stores.Position // where in the log to end; the zero Position: where it ends when the replay begins
	// Keep also has the plugin go on from states that the serving one made, as it would after a deployment that keeps states.
	Keep bool
	// Decide also has recorded commands decided again, each commit's as a whole, on the state before it and at its time.
	Decide   bool
	Examples int // of findings, and of commits decided differently; 0: 10
}

// Replay folds recorded history by the plugin of these bytes and by the one that serves the type, and compares. It yields how far it
// is about once a second, and at last a report that is Done; an error instead ends it. What is wrong with an
// entity, or with the plugin, is no error, but a finding. Nothing is changed; while commands are served, it takes
// a quarter of one processor.
//
// Its errors are those of StateAt, without those that concern one entity.
func (h *Host) Replay(ctx context.Context, q ReplayQuery, wasm []byte) iter.Seq2[*ReplayReport, error] {
	return func(yield func(*ReplayReport, error) bool) {
		job, release, err := h.replayJob(ctx, &q, wasm)
		if err != nil {
			yield(nil, err)
			return
		}
		defer release()
		for r, err := range h.replays.Run(ctx, job) {
			if !yield(r, err) {
				return
			}
		}
	}
}

// replayJob returns what a query asks for, and what to call when it is done.
func (h *Host) replayJob(ctx context.Context, q *ReplayQuery, wasm []byte) (*replay.Job, func(), error) {
	for _, id := range append([]string{"-"}, q.IDs...) {
		if err := (stores.EntityID{Type: q.Type, ID: id}).Validate(); err != nil {
			return nil, nil, err
		}
	}
	old, releaseOld, err := h.replayServing(q.Type)
	if err != nil {
		return nil, nil, err
	}
	p, release, err := h.replayLoaded(ctx, q.Type, wasm)
	if err != nil {
		releaseOld()
		return nil, nil, err
	}
	both := func() { release(); releaseOld() }
	if q.Until.IsZero() {
		if q.Until, err = h.o.Log.Head(ctx); err != nil {
			both()
			return nil, nil, fmt.Errorf("replay %s: %w", q.Type, err)
		}
	}
	return &replay.Job{Pair: replay.Pair{Old: old, New: p, Keep: q.Keep}, Until: q.Until, IDs: q.IDs, Sample: q.Sample, Seq: q.Seq, Decide: q.Decide, Examples: q.Examples}, both, nil
}

// verifyExamples is how many commits that were decided differently VerifyEntity gives.
const verifyExamples = 10

// VerifyEntity has the entity's recorded commands decided again by the very plugins that decided them, and compares events and replies byte for byte.
// A plugin that is not kept any more, or cannot fold its own events, is told in the result, and keeps nobody from asking the
// others. Nothing is changed. The errors are ErrNoEvents, ErrInvalidID, and the log's.
func (h *Host) VerifyEntity(ctx context.Context, id stores.EntityID) (*Verification, error) {
	if err := id.Validate(); err != nil {
		return nil, err
	}
	return h.replays.Verify(ctx, id, h.replayOf(id.Type), verifyExamples)
}
