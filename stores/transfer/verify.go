package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/eshost/eshost/stores"
)

// Report is what Verify has found.
type Report struct {
	Counts   Counts
	Blobs    int
	Problems []Problem // the first of each place, and not more than a hundred
	More     int       // problems that are not listed
	// Written: others wrote to the log meanwhile, so that the feed could not be compared with the streams.
	Written bool
}

// Problem is something that is wrong with a store.
type Problem struct {
	Where string // "feed", an entity's type and id, "kinds of TYPE", "blob DIGEST", ...
	What  string
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// listed bounds what a report lists.
const listed = 100

// readers is how many entities are read at a time.
const readers = 8

// Verify reads all of a store, each commit twice: in the order of the log, and entity by entity. It reports damaged and missing
// commits, heads that are not where the streams end, a feed and streams that do not hold the same, event kinds that are not listed, and
// damaged blobs. The error is for what keeps it from looking, such as a store that is away.
func Verify(ctx context.Context, s Store, o *Options) (*Report, error) {
	v := &verifier{store: s, o: o.withDefaults(), streams: newSurvey(), feed: newSurvey()}
	if err := v.all(ctx); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	v.report.Counts = *v.feed.counts()
	slices.SortStableFunc(v.report.Problems, func(a, b Problem) int {
		if a.Where == b.Where || a.Where != "feed" && b.Where != "feed" {
			return 0
		}
		if a.Where == "feed" {
			return -1
		}
		return 1
	})
	return &v.report, nil
}

type verifier struct {
	store   Store
	o       *Options
	feed    *survey
	broken  bool // the feed could not be read to its end
	entered atomic.Int64

	mu      sync.Mutex
	streams *survey   // the sums of what was read entity by entity
	ahead   []Problem // heads that are ahead of their streams, if nobody writes
	report  Report
}

// wrong notes a problem.
func (v *verifier) wrong(where, format string, a ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.report.Problems) == listed {
		v.report.More++
		return
	}
	v.report.Problems = append(v.report.Problems, Problem{where, fmt.Sprintf(format, a...)})
}

// damage notes an error that is about what is stored, and returns any other.
func (v *verifier) damage(where string, err error) error {
	if err == nil || !errors.Is(err, stores.ErrCorrupt) && !errors.Is(err, stores.ErrFormat) {
		return err
	}
	v.wrong(where, "%v", err)
	return nil
}

func (v *verifier) all(ctx context.Context) error {
	before, err := v.store.Log.Head(ctx)
	if err != nil {
		return err
	}
	if err := v.feed.read(ctx, v.store.Log, "read the feed", 0, v.o); err != nil {
		if err := v.damage("feed", err); err != nil {
			return err
		}
		v.broken = true
	}
	for _, typ := range slices.Sorted(maps.Keys(v.feed.types)) {
		if err := v.entities(ctx, typ); err != nil {
			return err
		}
		if err := v.listsKinds(ctx, typ); err != nil {
			return err
		}
	}
	after, err := v.store.Log.Head(ctx)
	if err != nil {
		return err
	}
	if v.report.Written = before != after; !v.report.Written {
		for _, p := range v.ahead {
			v.wrong(p.Where, "%s", p.What)
		}
		if !v.broken {
			v.compare(after)
		}
	}
	return v.blobs(ctx)
}

// compare compares the feed with the streams, which nobody wrote to.
func (v *verifier) compare(head stores.Position) {
	if v.feed.end != head {
		v.wrong("feed", "it ends at %q, the head of the log is %q", v.feed.end, head)
	}
	if len(v.report.Problems) > 0 {
		return // what is missing of a stream is also what differs
	}
	if different := v.feed.differs(v.streams); len(different) > 0 {
		v.wrong("feed", "it does not hold the same as the streams in %d of %d slices, the first of them %d: %d events in the feed, %d in the streams",
			len(different), stores.Slices, different[0], v.feed.total.Events, v.streams.total.Events)
	}
}

// entities reads the streams of a type.
func (v *verifier) entities(ctx context.Context, typ string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	var chunk []stores.EntityID
	read := func() {
		ids := chunk
		chunk = nil
		g.Go(func() error { return v.chunk(ctx, ids) })
	}
	for after, more := "", true; more; {
		more = false
		for id, err := range v.store.Log.Entities(ctx, typ, after) {
			var at *stores.EntityError
			switch {
			case err == nil:
				if chunk = append(chunk, id); len(chunk) == headChunk {
					read()
				}
			case errors.As(err, &at) && at.Entity.Type == typ && at.Entity.ID > after && v.damage(at.Entity.String(), err) == nil:
				after, more = at.Entity.ID, true // the list ends at damage: go on behind it
			default:
				if err := v.damage("entities of "+typ, err); err != nil {
					return errors.Join(err, g.Wait())
				}
			}
		}
	}
	if len(chunk) > 0 {
		read()
	}
	return g.Wait()
}

// chunk reads the streams of some entities, and compares their ends with their heads.
func (v *verifier) chunk(ctx context.Context, ids []stores.EntityID) error {
	heads, err := v.store.Log.Heads(ctx, ids)
	if err != nil {
		if err := v.damage("heads", err); err != nil {
			return err
		}
		heads = nil
	}
	s := newSurvey()
	for i, id := range ids {
		end, whole, err := v.stream(ctx, id, s)
		if err != nil {
			return err
		}
		if heads != nil && whole && heads[i] != end {
			if err := v.head(ctx, id, end, heads[i]); err != nil {
				return err
			}
		}
	}
	v.mu.Lock()
	v.streams.merge(s)
	v.mu.Unlock()
	v.o.tell(Progress{"read the entities", "entities", v.entered.Add(int64(len(ids))), v.feed.total.Entities})
	return nil
}

// head looks again at a head that is not where the stream ends, which was read after the head.
func (v *verifier) head(ctx context.Context, id stores.EntityID, end, head stores.Head) error {
	const where = "the stream ends at %d, its head is %d"
	if end.Seq < head.Seq {
		v.wrong(id.String(), where, end.Seq, head.Seq)
		return nil
	}
	again, err := v.store.Log.Heads(ctx, []stores.EntityID{id})
	if err != nil {
		return v.damage(id.String(), err)
	}
	switch now := again[0]; {
	case now.Seq > end.Seq: // others have written to it, or it is wrong
		v.mu.Lock()
		v.ahead = append(v.ahead, Problem{id.String(), fmt.Sprintf(where, end.Seq, now.Seq)})
		v.mu.Unlock()
	case now.Seq < end.Seq:
		v.wrong(id.String(), where, end.Seq, now.Seq)
	case now.Token != end.Token:
		v.wrong(id.String(), "the token of its head is %q, that of its last commit is %q: nobody could write to it", now.Token, end.Token)
	}
	return nil
}

// stream reads an entity. It returns where it ends, and whether it could be read so far.
func (v *verifier) stream(ctx context.Context, id stores.EntityID, s *survey) (end stores.Head, whole bool, err error) {
	for rec, err := range v.store.Log.Read(ctx, id, 0) {
		if err != nil {
			return end, false, v.damage(id.String(), err)
		}
		if rec.Expected != end.Seq {
			v.wrong(id.String(), "after event %d comes a commit that begins at %d", end.Seq, rec.Expected+1)
			return end, false, nil
		}
		if len(rec.Events) == 0 {
			v.wrong(id.String(), "the commit after event %d has no events", end.Seq)
			return end, false, nil
		}
		s.add(rec)
		end = stores.Head{Seq: rec.Seq(), Token: rec.Head}
	}
	return end, true, nil
}

// listsKinds looks whether the kinds that were met are listed.
func (v *verifier) listsKinds(ctx context.Context, typ string) error {
	where := "kinds of " + typ
	kinds, err := v.store.Log.Kinds(ctx, typ)
	if err != nil {
		return v.damage(where, err)
	}
	for k := range v.feed.kinds[typ] {
		if !slices.Contains(kinds, k) {
			v.wrong(where, "%s version %d is in the log, and not among them", k.Name, k.Version)
		}
	}
	return nil
}

// blobs reads the blobs, whose digests the store checks.
func (v *verifier) blobs(ctx context.Context) error {
	if v.store.Blobs == nil {
		return nil
	}
	for d, err := range v.store.Blobs.Blobs(ctx) {
		if err != nil {
			return v.damage("blobs", err)
		}
		v.report.Blobs++
		_, err = v.store.Blobs.Blob(ctx, d)
		if errors.Is(err, stores.ErrNotFound) {
			v.wrong("blob "+d.String(), "it is listed, and not there")
		} else if err := v.damage("blob "+d.String(), err); err != nil {
			return err
		}
		v.o.tell(Progress{"read the blobs", "blobs", int64(v.report.Blobs), 0})
	}
	return nil
}
