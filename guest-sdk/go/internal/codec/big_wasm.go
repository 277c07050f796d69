package codec

import (
	"math/bits"
	"unsafe"
)

// bigEndian reads eight bytes as a big endian number. Go would load them one by one on WebAssembly.
func bigEndian(p unsafe.Pointer) uint64 { return bits.ReverseBytes64(*(*uint64)(p)) }

// putBigEndian writes eight bytes.
func putBigEndian(p unsafe.Pointer, v uint64) { *(*uint64)(p) = bits.ReverseBytes64(v) }
