package plugin

import (
	"bytes"
	"log/slog"

	"github.com/eshost/eshost/abi"
)

// LogLine is one line that a guest logged.
type LogLine struct {
	Level slog.Level
	Text  string // UTF-8, without line breaks at its end
}

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
	tail     []byte // the last of standard error, at least abi.MaxTextBytes of it if there was as much

	panicked bool
	panic    string
}

// reset forgets everything.
func (s *speech) reset() {
	clear(s.lines)
	*s = speech{limit: s.limit, lines: s.lines[:0], out: s.out[:0], err: s.err[:0], tail: s.tail[:0]}
}

// quiet reports whether nothing was said since reset.
func (s *speech) quiet() bool {
	return len(s.lines) == 0 && s.dropped == 0 && len(s.out) == 0 && len(s.tail) == 0 && !s.panicked
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
	s.tail = append(s.tail, piece[max(0, len(piece)-abi.MaxTextBytes):]...)
	if len(s.tail) > 4*abi.MaxTextBytes {
		s.tail = append(s.tail[:0], s.tail[len(s.tail)-abi.MaxTextBytes:]...)
	}
	s.err = s.split(s.err, slog.LevelWarn, piece)
}

// split logs the lines that piece ends and returns what is left of it.
func (s *speech) split(open []byte, level slog.Level, piece []byte) []byte {
	for {
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
	tail := bytes.TrimSpace(s.tail)
	if cut := len(tail) - abi.MaxTextBytes; cut > 0 {
		tail = tail[cut:]
	}
	return abi.CleanText(tail)
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
