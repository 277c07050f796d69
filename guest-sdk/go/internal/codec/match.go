//go:build !wasm

package codec

// matches reports whether text is what src has at pos, where there must be as many bytes.
func matches(src []byte, pos int, text string) bool { return string(src[pos:pos+len(text)]) == text }

// Equal reports whether a and b are the same bytes.
func Equal(a, b []byte) bool { return string(a) == string(b) }
