package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
)

// devLog is the host's log among what dev says: a line each, its level in the
// first column, digests as short as dev has them.
type devLog struct {
	out   io.Writer
	level slog.Level
	attrs string
	muted *atomic.Bool // dev is about to say it itself
}

func newDevLog(out io.Writer, level slog.Level) *devLog {
	return &devLog{out: out, level: level, muted: new(atomic.Bool)}
}

// Enabled implements slog.Handler.
func (l *devLog) Enabled(_ context.Context, level slog.Level) bool {
	return level >= l.level && !l.muted.Load()
}

// Handle implements slog.Handler.
func (l *devLog) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s%s%s", strings.ToLower(r.Level.String()), r.Message, l.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attribute(a))
		return true
	})
	b.WriteByte('\n')
	_, err := io.WriteString(l.out, b.String())
	return err
}

// WithAttrs implements slog.Handler.
func (l *devLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *l
	for _, a := range attrs {
		with.attrs += attribute(a)
	}
	return &with
}

// WithGroup implements slog.Handler. The host's log has no groups.
func (l *devLog) WithGroup(string) slog.Handler { return l }

func attribute(a slog.Attr) string {
	value := a.Value.Resolve().String()
	if _, err := hex.DecodeString(value); err == nil && len(value) == 64 {
		value = short(value)
	}
	if value == "" || strings.ContainsAny(value, " \"=\n\t") {
		value = strconv.Quote(value)
	}
	return " " + a.Key + "=" + value
}
