package pebblestore

import "github.com/eshost/eshost/stores"

// pluginNumber returns the digest's number. A new one is written with the batch.
func (s *Store) pluginNumber(d *stores.Digest) uint32 {
	w := &s.write
	if w.hasPlugin && w.plugin == *d {
		return w.number
	}
	n, ok := s.plugins[*d]
	if !ok {
		n = s.addPlugin(*d)
	}
	w.hasPlugin, w.plugin, w.number = true, *d, n
	return n
}

func (s *Store) addPlugin(d stores.Digest) uint32 {
	known := *s.digests.Load()
	n := uint32(len(known))
	_ = s.write.batch.Set(pluginKey(n), d[:], nil)
	s.plugins[d] = n
	grown := append(known[:n:n], d)
	s.digests.Store(&grown)
	return n
}

// noteKinds writes the commit's new kinds with the batch.
func (s *Store) noteKinds(c *stores.Commit) {
	for i := range c.Events {
		if i > 0 && c.Events[i].Version == c.Events[i-1].Version && c.Events[i].Name == c.Events[i-1].Name {
			continue
		}
		k := kindOf{c.Entity.Type, stores.Kind{Name: c.Events[i].Name, Version: c.Events[i].Version}}
		if !s.write.lately(&k) {
			s.noteKind(k)
		}
	}
}

func (s *Store) noteKind(k kindOf) {
	w := &s.write
	w.kinds[w.nextKind%len(w.kinds)] = k
	w.nextKind++
	if _, ok := s.kinds[k]; ok {
		return
	}
	_ = w.batch.Set(kindKey(k.typ, k.Kind), nil, nil)
	s.kinds[k] = struct{}{}
}

// lately reports whether a kind is one of those that were noted last, which
// is quicker than a look into the map of all.
func (w *writeBuffers) lately(k *kindOf) bool {
	for i := range w.kinds {
		if l := &w.kinds[i]; l.Version == k.Version && l.Name == k.Name && l.typ == k.typ {
			return true
		}
	}
	return false
}
