package plugin

// heap is a memory in Go's own, which is copied when it grows.
type heap struct {
	b    []byte
	most uint64
}

func (m *heap) Reallocate(size uint64) []byte {
	if size > m.most {
		return nil
	}
	if have := uint64(len(m.b)); size > have {
		m.b = append(m.b, make([]byte, size-have)...)
	}
	return m.b[:size]
}

func (m *heap) Free() { m.b = nil }
