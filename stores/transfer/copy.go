package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eshost/eshost/stores"
)

// Copied is what a copy holds in the end, all of it compared with its source.
type Copied struct {
	Counts
	Blobs   int
	Moved   int64         // events that this call has stored; the others were there
	Took    time.Duration // storing them, without reading, comparing and blobs
	Resumed bool          // an earlier copy had begun
}

// Copy copies all of a store into one that is empty, or that an earlier copy of the same source has left: then it
// goes on where that one ended, once it has read what is there. When it returns without an error, both hold the same: it has read both and
// compared a checksum over all commits, and the heads of all entities. It reads the source twice.
//
// Nobody else may write to the target. The source may be in use, but the copy is done only when it is at rest: until then
// it is ErrWritten, and what was there is copied.
//
// # Errors
//
//   - ErrNotACopy: the target holds something else. Nothing was written
//   - ErrWritten: the source was written to meanwhile
//   - ErrDiffers: the target is not the same in the end
//   - stores.ErrTooLarge: the target cannot hold a commit of the source
//   - others are those of the stores; call it again to go on
func Copy(ctx context.Context, from, to Store, o *Options) (*Copied, error) {
	c := &copier{from: from, to: to, o: o.withDefaults()}
	if id := from.Log.Info().ID; id == to.Log.Info().ID {
		return nil, errors.New("copy: source and target are the same log")
	}
	out, err := c.copy(ctx)
	if err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	return out, nil
}

type copier struct {
	from, to Store
	o        *Options

	source *survey
	fresh  bool // the target was empty
	heads  heads
	queue  *queue
	moved  atomic.Int64 // events that were stored
}

// rounds is how often the source is read: again when it has grown.
const rounds = 4

func (c *copier) copy(ctx context.Context) (*Copied, error) {
	out := &Copied{}
	from, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	out.Resumed = !c.fresh
	for range rounds {
		if err := c.survey(ctx, from); err != nil {
			return nil, err
		}
		took, err := c.move(ctx, from)
		if out.Took += took; err != nil {
			return nil, err
		}
		from, _ = c.queue.state()
		err = c.check(ctx, out)
		if !errors.Is(err, ErrWritten) {
			return out, err
		}
	}
	return nil, fmt.Errorf("%w: stop the hosts that use the source, and copy again: it goes on where it has ended", ErrWritten)
}

// check ends the copy when the target holds the same as the source. It returns ErrWritten when the source has grown.
func (c *copier) check(ctx context.Context, out *Copied) (err error) {
	if err := c.rests(ctx); err != nil {
		return err
	}
	if out.Blobs, err = c.blobs(ctx); err != nil {
		return err
	}
	out.Counts, out.Moved = *c.source.counts(), c.moved.Load()
	if err := c.compare(ctx); err != nil {
		if errors.Is(err, ErrDiffers) {
			return cmp.Or(c.rests(ctx), err) // what was written since the source was read differs as well
		}
		return err
	}
	return c.to.Checkpoints.SaveCheckpoint(ctx, markDone, c.source.end)
}

// rests says that the source has grown since it was read.
func (c *copier) rests(ctx context.Context) error {
	head, err := c.from.Log.Head(ctx)
	if err == nil && head != c.source.end {
		err = ErrWritten
	}
	return err
}

// survey reads the source, of which all up to the position is copied.
func (c *copier) survey(ctx context.Context, from stores.Position) error {
	total := int64(0)
	if c.source != nil {
		total = c.source.total.Events
	}
	c.source = newSurvey()
	c.source.mark = from
	if err := c.source.read(ctx, c.from.Log, "read the source", total, c.o); err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	return nil
}

// tellInterval is how often it is told how far the copy is.
const tellInterval = time.Second

// move stores what is in the source behind the position.
func (c *copier) move(ctx context.Context, from stores.Position) (took time.Duration, err error) {
	c.queue = newQueue(from)
	c.heads = heads{log: c.to.Log, known: make(map[stores.EntityID]stores.Head), fresh: c.fresh}
	start := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		err := c.read(gctx, from)
		c.queue.end(err)
		return err
	})
	for range max(1, c.to.Log.Info().Concurrency) {
		g.Go(func() error {
			err := c.store(gctx)
			if err != nil {
				c.queue.end(err)
			}
			return err
		})
	}
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() { c.watch(stop) })
	err = g.Wait()
	close(stop)
	watcher.Wait()
	if failure := c.queue.failure(); failure != nil {
		err = failure // the first, of which the others come
	}
	return time.Since(start), err
}

// read puts what is in the source behind the position into the queue.
func (c *copier) read(ctx context.Context, from stores.Position) error {
	for rec, err := range c.from.Log.Scan(ctx, stores.Query{System: true, After: from}) {
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		it := &item{commit: *rec.Commit.Clone(), place: rec.Place, size: sizeOf(&rec.Commit)}
		if !c.queue.put(it) {
			return ctx.Err()
		}
	}
	return nil
}

// sizeOf is about how many bytes a commit has.
func sizeOf(c *stores.Commit) int {
	n := 64
	for i := range c.Events {
		n += 4 + len(c.Events[i].Payload)
	}
	for i := range c.Commands {
		p := &c.Commands[i]
		n += 32 + len(p.ID) + len(p.Payload) + len(p.Reply)
		for k, v := range p.Meta {
			n += len(k) + len(v)
		}
	}
	return n
}

// watch tells how far it is until it is stopped.
func (c *copier) watch(stop <-chan struct{}) {
	tick := time.NewTicker(tellInterval)
	defer tick.Stop()
	for {
		_, events := c.queue.state()
		c.o.tell(Progress{"copy", "events", events, c.source.total.Events - c.source.before})
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// blobs copies the blobs that the target lacks.
func (c *copier) blobs(ctx context.Context) (n int, err error) {
	if c.from.Blobs == nil || c.to.Blobs == nil {
		return 0, nil
	}
	there := make(map[stores.Digest]bool)
	for d, err := range c.to.Blobs.Blobs(ctx) {
		if err != nil {
			return 0, err
		}
		there[d] = true
	}
	for d, err := range c.from.Blobs.Blobs(ctx) {
		if err != nil {
			return n, err
		}
		if n++; there[d] {
			continue
		}
		b, err := c.from.Blobs.Blob(ctx, d)
		if err != nil {
			return n, err
		}
		if _, err := c.to.Blobs.PutBlob(ctx, b); err != nil {
			return n, err
		}
		c.o.tell(Progress{"copy blobs", "blobs", int64(n), 0})
	}
	return n, nil
}
