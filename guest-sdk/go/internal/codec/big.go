//go:build !wasm

package codec

import "unsafe"

// bigEndian reads eight bytes as a big endian number.
func bigEndian(p unsafe.Pointer) uint64 {
	b := (*[8]byte)(p)
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
		uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// putBigEndian writes eight bytes.
func putBigEndian(p unsafe.Pointer, v uint64) {
	b := (*[8]byte)(p)
	b[0], b[1], b[2], b[3] = byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32)
	b[4], b[5], b[6], b[7] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}
