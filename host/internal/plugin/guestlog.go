package plugin

import (
	"bytes"
	"log/slog"
	"strings"

	"github.com/eshost/eshost/abi"
)

// LogLine is one line that a guest logged.
type LogLine struct {
	Level slog.Level
	Text  string // UTF-8, without line breaks at its end
}

const (
	headBytes = 1 << 10
	gap       = "\n[...]\n"
	tailBytes = abi.MaxTextBytes - headBytes - len(gap)
)

// maxLogLines bounds the lines of one call; empty ones are not free either.
const maxLogLines = 256

// speech collects what a guest says during one call. It belongs to one
// instance and is used by one goroutine at a time.
type speech struct {
	limit   int // bytes of lines
	bytes   int
	lines   []LogLine
	dropped int

	out, err []byte // lines of standard output and error that are not ended yet
	// Of standard error the first headBytes are kept, since a runtime begins
	// with why it gives up, and after them at least the last tailBytes.
	head, tail []byte
	cut        bool // something between them is not kept

	panicked bool
	panic    string
}

// reset forgets everything.
func (s *speech) reset() {
	clear(s.lines)
	*s = speech{limit: s.limit, lines: s.lines[:0], out: s.out[:0], err: s.err[:0], head: s.head[:0], tail: s.tail[:0]}
}

// quiet reports whether nothing was said since reset.
func (s *speech) quiet() bool {
	return len(s.lines) == 0 && s.dropped == 0 && len(s.out) == 0 && len(s.head) == 0 && !s.panicked
}

// log adds one line.
func (s *speech) log(level slog.Level, text []byte) {
	if len(s.lines) >= maxLogLines || s.bytes+len(text) > s.limit {
		s.dropped++
		return
	}
	s.bytes += len(text)
	s.lines = append(s.lines, LogLine{Level: level, Text: abi.CleanText(text)})
}

// setPanic keeps the first text.
func (s *speech) setPanic(text []byte) {
	if !s.panicked {
		s.panicked, s.panic = true, abi.CleanText(text)
	}
}

// write takes a piece of standard output (1) or standard error (2).
func (s *speech) write(fd uint32, piece []byte) {
	if fd == 1 {
		s.out = s.split(s.out, slog.LevelInfo, piece)
		return
	}
	begin := min(len(piece), headBytes-len(s.head))
	s.head = append(s.head, piece[:begin]...)
	s.keepTail(piece[begin:])
	s.err = s.split(s.err, slog.LevelWarn, piece)
}

func (s *speech) keepTail(piece []byte) {
	if skip := len(piece) - tailBytes; skip > 0 {
		s.tail, piece, s.cut = s.tail[:0], piece[skip:], true
	}
	s.tail = append(s.tail, piece...)
	if skip := len(s.tail) - tailBytes; skip > 3*tailBytes {
		s.tail, s.cut = append(s.tail[:0], s.tail[skip:]...), true
	}
}

// split logs the lines that piece ends and returns what is left of it.
func (s *speech) split(open []byte, level slog.Level, piece []byte) []byte {
	for {
		if len(s.lines) >= maxLogLines { // the rest is only counted
			s.dropped += bytes.Count(piece, []byte{'\n'})
			return open[:0]
		}
		line, rest, ended := bytes.Cut(piece, []byte{'\n'})
		open = append(open, line[:min(len(line), max(0, abi.MaxTextBytes+1-len(open)))]...)
		if !ended {
			return open
		}
		s.log(level, open)
		open, piece = open[:0], rest
	}
}

// finish logs the lines that were not ended.
func (s *speech) finish() {
	if len(s.out) > 0 {
		s.log(slog.LevelInfo, s.out)
		s.out = s.out[:0]
	}
	if len(s.err) > 0 {
		s.log(slog.LevelWarn, s.err)
		s.err = s.err[:0]
	}
}

// cause is what the guest said about its own failure.
func (s *speech) cause() string {
	if s.panicked {
		return s.panic
	}
	text, tail, cut := s.head, s.tail, s.cut
	if skip := len(tail) - tailBytes; skip > 0 {
		tail, cut = tail[skip:], true
	}
	if cut {
		text = append(text[:len(text):len(text)], gap...)
	}
	return strings.TrimSpace(abi.CleanText(append(text[:len(text):len(text)], tail...)))
}

func logLevel(level uint32) slog.Level {
	switch level {
	case abi.LogDebug:
		return slog.LevelDebug
	case abi.LogWarn:
		return slog.LevelWarn
	case abi.LogError:
		return slog.LevelError
	}
	return slog.LevelInfo
}
