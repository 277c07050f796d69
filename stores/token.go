package stores

import "strings"

const tokenDigits = "0123456789ABCDEF"

// AppendToken appends a name or an id as one token of a NATS subject, which is fit
// for a key of a NATS bucket too. ASCII letters, digits, '-' and '_' stand for themselves, every other byte is "=" and
// two upper-case hexadecimal digits: "a.b c" is "a=2Eb=20c". The empty text is "=". Different texts have different tokens. The
// encoding is frozen.
func AppendToken(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '=')
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; plainToken(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', tokenDigits[c>>4], tokenDigits[c&15])
		}
	}
	return dst
}

// ParseToken is the inverse of AppendToken. It takes what AppendToken gives
// and nothing else, so that an entity has one subject.
func ParseToken(token string) (string, bool) {
	if token == "=" {
		return "", true
	}
	i := 0
	for i < len(token) && plainToken(token[i]) {
		i++
	}
	if i == len(token) { // nearly always
		return token, token != ""
	}
	b := append(make([]byte, 0, len(token)), token[:i]...)
	for ; i < len(token); i++ {
		c := token[i]
		if !plainToken(c) {
			if c != '=' || i+2 >= len(token) {
				return "", false
			}
			high, low := strings.IndexByte(tokenDigits, token[i+1]), strings.IndexByte(tokenDigits, token[i+2])
			if high < 0 || low < 0 || plainToken(byte(high<<4|low)) {
				return "", false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		b = append(b, c)
	}
	return string(b), true
}

func plainToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}
