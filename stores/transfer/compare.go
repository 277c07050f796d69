package transfer

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/eshost/eshost/stores"
)

// compare reads the target and says how it differs from the source.
func (c *copier) compare(ctx context.Context) error {
	target := newSurvey()
	if err := target.read(ctx, c.to.Log, "check the copy", c.source.total.Events, c.o); err != nil {
		return fmt.Errorf("read the copy: %w", err)
	}
	if different := c.source.differs(target); len(different) > 0 {
		first, err := firstDifference(ctx, c.from.Log, c.to.Log, different[0])
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: in %d of %d parts, such as %s; %d events there, %d here", ErrDiffers, len(different), stores.Slices, first,
			c.source.total.Events, target.total.Events)
	}
	return c.compareHeads(ctx)
}

// headChunk is how many heads are asked for at a time.
const headChunk = 1000

// compareHeads asks both logs where each entity ends, which they do not learn from their feeds.
func (c *copier) compareHeads(ctx context.Context) error {
	var n int64
	for _, t := range c.source.counts().Types {
		chunk := make([]stores.EntityID, 0, headChunk)
		flush := func() error {
			defer func() { chunk = chunk[:0] }()
			ours, err := c.from.Log.Heads(ctx, chunk)
			if err != nil {
				return err
			}
			theirs, err := c.to.Log.Heads(ctx, chunk)
			if err != nil {
				return err
			}
			for i, id := range chunk {
				if ours[i].Seq != theirs[i].Seq {
					return fmt.Errorf("%w: entity %s ends at %d and in the copy at %d", ErrDiffers, id, ours[i].Seq, theirs[i].Seq)
				}
			}
			c.o.tell(Progress{"compare the heads", "entities", n, c.source.total.Entities})
			return nil
		}
		for id, err := range c.to.Log.Entities(ctx, t.Type, "") {
			if err != nil {
				return err
			}
			n++
			if chunk = append(chunk, id); len(chunk) == headChunk {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	if n != c.source.total.Entities {
		return fmt.Errorf("%w: %d entities, and the copy lists %d", ErrDiffers, c.source.total.Entities, n)
	}
	return nil
}

func compareIDs(a, b stores.EntityID) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.ID, b.ID))
}
