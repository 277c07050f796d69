package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/eshost/eshost/stores"
)

// batches hands out numbers of batches, of which it takes many at a time.
type batches struct {
	mu        sync.Mutex
	at, until int64
}

// block is how many numbers one value of the sequence stands for.
const block = 1000

func (b *batches) next(ctx context.Context, s *Store, conn session) (int64, error) {
	if number, ok := b.left(); ok {
		return number, nil
	}
	// Nobody waits for another's answer: two who ask at once both get a block, and one of these is lost.
	var first int64
	if err := conn.QueryRow(ctx, s.sql.nextBatch, s.names.full("batches")).Scan(&first); err != nil {
		return 0, fmt.Errorf("take numbers for batches: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.until = first+1, first+block
	return first, nil
}

func (b *batches) left() (number int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == b.until {
		return 0, false
	}
	b.at++
	return b.at - 1, true
}

// plugins remembers the numbers of plugins. Others may add some at any time.
type plugins struct {
	mu      sync.RWMutex
	loaded  bool // all that were there
	numbers map[stores.Digest]uint32
	digests map[uint32]stores.Digest
}

// number returns the number of a plugin that was noted.
func (p *plugins) number(d stores.Digest) uint32 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.numbers[d]
}

func (p *plugins) has(d stores.Digest) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.numbers[d]
	return ok
}

func (p *plugins) add(number int64, digest []byte) error {
	if number < 0 || number > 1<<32-1 || len(digest) != len(stores.Digest{}) {
		return fmt.Errorf("%w: plugin number %d with a digest of %d bytes", stores.ErrCorrupt, number, len(digest))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.numbers == nil {
		p.numbers, p.digests = make(map[stores.Digest]uint32), make(map[uint32]stores.Digest)
	}
	p.numbers[stores.Digest(digest)], p.digests[uint32(number)] = uint32(number), stores.Digest(digest)
	return nil
}

// note makes sure that the plugins of commits have numbers.
func (p *plugins) note(ctx context.Context, s *Store, conn session, commits []stores.Commit, some []int) error {
	last := -1
	for _, i := range some {
		d := commits[i].Plugin
		if last >= 0 && commits[last].Plugin == d {
			continue
		}
		if last = i; p.has(d) {
			continue
		}
		number, err := p.find(ctx, s, conn, d)
		if errors.Is(err, pgx.ErrNoRows) {
			if _, err = conn.Exec(ctx, s.sql.pluginAdd, d[:]); err == nil {
				number, err = p.find(ctx, s, conn, d)
			}
		}
		if err == nil {
			err = p.add(number, d[:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *plugins) find(ctx context.Context, s *Store, conn session, d stores.Digest) (number int64, err error) {
	return number, conn.QueryRow(ctx, s.sql.pluginNumber, d[:]).Scan(&number)
}

// digest returns the plugin of a number, if it is known.
func (p *plugins) digest(number uint32) (d stores.Digest, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d, ok = p.digests[number]
	return d, ok
}

// begin makes sure that all plugins are known that there were when the first connection asked.
func (p *plugins) begin(ctx context.Context, s *Store, conn session) error {
	p.mu.RLock()
	loaded := p.loaded
	p.mu.RUnlock()
	if loaded {
		return nil
	}
	return p.load(ctx, s, conn)
}

func (p *plugins) load(ctx context.Context, s *Store, conn session) error {
	rows, err := conn.Query(ctx, s.sql.pluginList)
	if err != nil {
		return err
	}
	var number int64
	var digest []byte
	if _, err = pgx.ForEachRow(rows, []any{&number, &digest}, func() error { return p.add(number, digest) }); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaded = true
	return nil
}

// kinds remembers which kinds are in the table: none is ever taken out.
type kinds struct {
	mu   sync.RWMutex
	have map[kindOf]struct{}
}

// kindOf is a kind of a type.
type kindOf struct {
	typ string
	stores.Kind
}

// lacks returns the kinds of the commits that are not known to be in the table.
func (k *kinds) lacks(commits []stores.Commit, some []int) map[kindOf]struct{} {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var lacking map[kindOf]struct{}
	var last kindOf
	for _, i := range some {
		c := &commits[i]
		for e := range c.Events {
			kind := kindOf{c.Entity.Type, stores.Kind{Name: c.Events[e].Name, Version: c.Events[e].Version}}
			if kind == last {
				continue
			}
			last = kind
			if _, ok := k.have[kind]; !ok {
				if lacking == nil {
					lacking = make(map[kindOf]struct{})
				}
				lacking[kind] = struct{}{}
			}
		}
	}
	return lacking
}

// note makes sure that the kinds of commits are in the table, durably, before the commits are.
func (k *kinds) note(ctx context.Context, s *Store, conn session, commits []stores.Commit, some []int) error {
	lacking := k.lacks(commits, some)
	if len(lacking) == 0 {
		return nil
	}
	var types, names []string
	var versions []int64
	for kind := range lacking {
		types, names, versions = append(types, kind.typ), append(names, kind.Name), append(versions, int64(kind.Version))
	}
	if _, err := conn.Exec(ctx, s.sql.kindAdd, types, names, versions); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.have == nil {
		k.have = make(map[kindOf]struct{})
	}
	for kind := range lacking {
		k.have[kind] = struct{}{}
	}
	return nil
}
