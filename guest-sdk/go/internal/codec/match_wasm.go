package codec

import "unsafe"

// matches reports whether text is what src has at pos, where there must be as many bytes. Go compares memory byte by
// byte on WebAssembly; there, words need not be aligned.
func matches(src []byte, pos int, text string) bool {
	a, b, n := unsafe.Pointer(&src[pos]), unsafe.Pointer(unsafe.StringData(text)), len(text)
	for ; n >= 8; n -= 8 {
		if *(*uint64)(a) != *(*uint64)(b) {
			return false
		}
		a, b = unsafe.Add(a, 8), unsafe.Add(b, 8)
	}
	for ; n > 0; n-- {
		if *(*byte)(a) != *(*byte)(b) {
			return false
		}
		a, b = unsafe.Add(a, 1), unsafe.Add(b, 1)
	}
	return true
}

// Equal reports whether a and b are the same bytes.
func Equal(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || matches(a, 0, unsafe.String(unsafe.SliceData(b), len(b))))
}
