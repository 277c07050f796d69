package abi

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

func (p *fromJSON) number() error {
	start := p.pos
	for p.pos < len(p.text) && bytes.IndexByte([]byte("+-.0123456789Ee"), p.text[p.pos]) >= 0 {
		p.pos++
	}
	literal := string(p.text[start:p.pos])
	if bytes.ContainsAny(p.text[start:p.pos], ".eE") {
		v, err := strconv.ParseFloat(literal, 64)
		if err != nil {
			return &FormatError{Offset: start, What: "number " + shorten(literal) + " is beyond the largest float"}
		}
		p.dst = AppendFloat(p.dst, v)
		return nil
	}
	if literal[0] == '-' {
		v, err := strconv.ParseInt(literal, 10, 64)
		if err != nil {
			return &FormatError{Offset: start, What: "integer " + shorten(literal) + " is below " + strconv.FormatInt(math.MinInt64, 10)}
		}
		p.dst = AppendInt(p.dst, v)
		return nil
	}
	v, err := strconv.ParseUint(literal, 10, 64)
	if err != nil {
		return &FormatError{Offset: start, What: "integer " + shorten(literal) + " is above " + strconv.FormatUint(math.MaxUint64, 10)}
	}
	p.dst = AppendUint(p.dst, v)
	return nil
}

// shorten keeps a message readable whatever it quotes.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}

// tagged puts a scalar in the place of an object whose only key says that it
// stands for one.
func (p *fromJSON) tagged(object, head int, key span) (bool, error) {
	in := reader{b: p.dst, pos: key.start}
	tag := string(in.str("key"))
	if tag != "$bin" && tag != "$float" {
		return false, nil
	}
	content := string(in.str("content"))
	if in.err == nil && tag == "$bin" {
		v, err := base64.StdEncoding.Strict().DecodeString(content)
		// The decoder passes over line breaks.
		if err == nil && base64.StdEncoding.EncodedLen(len(v)) == len(content) {
			p.dst = AppendBin(p.dst[:head], v)
			return true, nil
		}
	}
	if in.err == nil && tag == "$float" {
		v, ok := map[string]float64{"nan": math.NaN(), "inf": math.Inf(1), "-inf": math.Inf(-1)}[content]
		if ok {
			p.dst = AppendFloat(p.dst[:head], v)
			return true, nil
		}
	}
	want := `{"$bin": "<base64 with padding>"}`
	if tag == "$float" {
		want = `{"$float": "nan"}, "inf" or "-inf"`
	}
	return true, &FormatError{Offset: object, What: "want " + want}
}

// str takes a string.
func (p *fromJSON) str() error {
	p.pos++
	start, escaped := p.pos, false
	for p.text[p.pos] != '"' {
		if p.text[p.pos] == '\\' {
			escaped = true
			p.pos++
		}
		p.pos++
	}
	raw := p.text[start:p.pos]
	p.pos++
	if !escaped {
		p.dst = AppendString(p.dst, raw)
		return nil
	}
	p.unescaped = p.unescaped[:0]
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			p.unescaped = append(p.unescaped, raw[i])
			i++
			continue
		}
		c := raw[i+1]
		if c != 'u' {
			p.unescaped = append(p.unescaped, unescape(c))
			i += 2
			continue
		}
		r := escapedRune(raw[i:])
		size := 6
		if utf16.IsSurrogate(r) {
			r = utf16.DecodeRune(r, escapedRune(raw[i+6:]))
			if r == utf8.RuneError {
				return &FormatError{Offset: start + i, What: "escape of a lone surrogate"}
			}
			size = 12
		}
		p.unescaped = utf8.AppendRune(p.unescaped, r)
		i += size
	}
	p.dst = AppendString(p.dst, p.unescaped)
	return nil
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // a quote, a slash or a backslash
}

// escapedRune reads \uXXXX, or gives -1 if that is not there.
func escapedRune(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
