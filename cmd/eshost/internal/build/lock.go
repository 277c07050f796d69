package build

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// lockPause is the time between two looks at a lock that another build holds.
const lockPause = 50 * time.Millisecond

// lock waits until no other build, of this process or another one, is at the
// same kind of work on the path. A process that ends releases what it holds.
func (b *Builder) lock(ctx context.Context, work, path string) (release func(), err error) {
	cache, err := b.cacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "locks")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(resolved(path)))
	name := filepath.Join(dir, fmt.Sprintf("%s-%x", work, sum[:8]))
	for {
		if release, err := tryLock(name); release != nil || err != nil {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}
