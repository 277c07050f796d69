package stores

// Slices is the number of slices that entities are spread over. It is frozen:
// partitions, parallel projections and cluster placement are ranges of slices.
const Slices = 1024

// SliceRange is the slices From (inclusive) to To (exclusive). The zero range
// stands for all.
type SliceRange struct{ From, To uint16 }

// IsZero reports whether r is the zero range, which stands for all slices.
func (r SliceRange) IsZero() bool { return r == SliceRange{} }

// Contains reports whether the slice is in the range.
func (r SliceRange) Contains(slice uint16) bool {
	return r.IsZero() || (slice >= r.From && slice < r.To)
}

// Slice returns the entity's slice, 0..Slices-1: FNV-1a 32 of the type, a zero
// byte and the id, modulo Slices. The function is frozen.
func (e EntityID) Slice() uint16 {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	for i := 0; i < len(e.Type); i++ {
		h = (h ^ uint32(e.Type[i])) * prime
	}
	h *= prime // the zero byte
	for i := 0; i < len(e.ID); i++ {
		h = (h ^ uint32(e.ID[i])) * prime
	}
	return uint16(h % Slices)
}
