package stores

import "strings"

// EncodeToken writes a name or an id as one token of a NATS subject, which is fit
// for a key of a NATS bucket too. ASCII letters, digits, '-' and '_' stand for themselves, every other byte is "=" and
// two upper-case hexadecimal digits: "a.b c" is "a=2Eb=20c". Different texts have different tokens. The
// encoding is frozen.
func EncodeToken(s string) string {
	i := 0
	for i < len(s) && plainToken(s[i]) {
		i++
	}
	if i == len(s) { // nearly always
		return s
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if c := s[i]; plainToken(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'=', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// DecodeToken is the inverse of EncodeToken. It takes what EncodeToken gives
// and nothing else, so that an entity has one subject.
func DecodeToken(token string) (string, bool) {
	i := 0
	for i < len(token) && plainToken(token[i]) {
		i++
	}
	if i == len(token) {
		return token, true
	}
	var b strings.Builder
	b.Grow(len(token))
	b.WriteString(token[:i])
	for ; i < len(token); i++ {
		c := token[i]
		if !plainToken(c) {
			if c != '=' || i+2 >= len(token) {
				return "", false
			}
			high, ok1 := hexDigit(token[i+1])
			low, ok2 := hexDigit(token[i+2])
			if c = high<<4 | low; !ok1 || !ok2 || plainToken(c) {
				return "", false
			}
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

func plainToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
