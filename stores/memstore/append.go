package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/eshost/eshost/stores"
)

// errMisuse marks what a caller of Append must not do.
var errMisuse = errors.New("not an append the contract allows")

// Append implements stores.Log. Fences work by slice: a commit is Fenced when
// its slice is outside the fence, or an append named a newer epoch for it.
func (s *Store) Append(ctx context.Context, fence stores.Fence, commits []stores.Commit) []stores.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	results := make([]stores.Result, len(commits))
	err := ctx.Err()
	if s.closed {
		err = stores.ErrClosed
	}
	if err != nil {
		for i := range results {
			results[i] = refused(&commits[i], err)
		}
		return results
	}
	if fence.Epoch != 0 {
		for slice := range s.epochs {
			if fence.Slices.Contains(uint16(slice)) {
				s.epochs[slice] = max(s.epochs[slice], fence.Epoch)
			}
		}
	}
	seen := make(map[stores.EntityID]bool, len(commits))
	size := len(s.log)
	for i := range commits {
		c := &commits[i]
		if err := check(c, seen); err != nil {
			results[i] = refused(c, err)
			continue
		}
		results[i] = s.append(fence, c)
	}
	if len(s.log) > size {
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return results
}

// append decides about one commit. A duplicate comes before everything else:
// all other answers but Applied promise that nothing was written.
func (s *Store) append(fence stores.Fence, c *stores.Commit) stores.Result {
	if e := s.starting(c.Entity, c.Expected); e != nil && e.id == c.ID {
		return stores.Result{Outcome: stores.Duplicate, Head: stores.HeadToken(e.name), Place: e.place()}
	}
	if slice := c.Entity.Slice(); fence.Epoch != 0 && (!fence.Slices.Contains(slice) || s.epochs[slice] > fence.Epoch) {
		err := fmt.Errorf("slice %d is in epoch %d, the fence is epoch %d of slices %d to %d", slice, s.epochs[slice], fence.Epoch, fence.Slices.From, fence.Slices.To)
		return stores.Result{Outcome: stores.Fenced, Err: failed(c, err)}
	}
	var seq uint64
	var token stores.HeadToken
	if e := s.last(c.Entity); e != nil {
		seq, token = e.seq(), stores.HeadToken(e.name)
	}
	if c.Expected != seq {
		return stores.Result{Outcome: stores.Conflict}
	}
	if s.checkTokens && c.Head != token {
		err := fmt.Errorf("%w: the number is right but the head token is %q and not %q", stores.ErrConflict, c.Head, token)
		return stores.Result{Outcome: stores.Conflict, Err: failed(c, err)}
	}
	s.buf = stores.AppendRecord(s.buf[:0], c, s.number(c.Plugin))
	if len(s.buf) > s.info.MaxCommit {
		err := fmt.Errorf("%w: a record of %d bytes, at most %d", stores.ErrTooLarge, len(s.buf), s.info.MaxCommit)
		s.buf = nil
		return stores.Result{Outcome: stores.TooLarge, Err: failed(c, err)}
	}
	e := entry{entity: c.Entity, expected: c.Expected, events: len(c.Events), id: c.ID, name: s.name(len(s.log)), record: bytes.Clone(s.buf)}
	s.places[e.name] = len(s.log)
	s.streams[e.entity] = append(s.streams[e.entity], len(s.log))
	s.log = append(s.log, e)
	kinds := s.kinds[e.entity.Type]
	if kinds == nil {
		kinds = make(map[stores.Kind]struct{})
		s.kinds[e.entity.Type] = kinds
	}
	for i := range c.Events {
		kinds[stores.Kind{Name: c.Events[i].Name, Version: c.Events[i].Version}] = struct{}{}
	}
	return stores.Result{Outcome: stores.Applied, Head: stores.HeadToken(e.name), Place: e.place()}
}

// number returns the plugin's number, a new one for a new digest.
func (s *Store) number(d stores.Digest) uint32 {
	n, ok := s.numbers[d]
	if !ok {
		n = uint32(len(s.plugins))
		s.numbers[d] = n
		s.plugins = append(s.plugins, d)
	}
	return n
}

// check finds what the contract forbids callers, which is a fault in them that
// other engines may not find.
func check(c *stores.Commit, seen map[stores.EntityID]bool) error {
	if err := c.Entity.Validate(); err != nil {
		return err
	}
	if seen[c.Entity] {
		return fmt.Errorf("%w: two commits of one entity in one call", errMisuse)
	}
	seen[c.Entity] = true
	if n := uint64(len(c.Events)); n == 0 || n > math.MaxUint64-c.Expected {
		return fmt.Errorf("%w: %d events after number %d", errMisuse, n, c.Expected)
	}
	return nil
}

func refused(c *stores.Commit, err error) stores.Result {
	return stores.Result{Outcome: stores.Refused, Err: failed(c, err)}
}

func failed(c *stores.Commit, err error) error {
	return &stores.EntityError{Op: "append to", Entity: c.Entity, Seq: c.Expected + 1, Err: err}
}
