package stores

import (
	"context"
	"iter"
)

// Follow yields what Scan would, and goes on with what is appended from then on.
// It ends with an error only, ctx's when that ends. It is the one loop for
// catch-up and live: a scan that shows nothing has passed the head taken before
// it, so the next one begins there, and a reader of few records out of many
// neither looks at the others twice nor spins. Records are owned as in Scan.
func Follow(ctx context.Context, log Log, q Query) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		q := q
		for {
			head, err := log.Head(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			idle := true
			for rec, err := range log.Scan(ctx, q) {
				if err != nil {
					yield(nil, err)
					return
				}
				idle, q.After = false, rec.Place
				if !yield(rec, nil) {
					return
				}
			}
			if !idle {
				continue
			}
			q.After = head
			if err := log.Wait(ctx, q.After); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
