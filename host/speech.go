package host

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/stores"
)

// speech passes on what the guests of one plugin log, at most so many bytes a second.
type speech struct {
	plugin  string // its digest
	logger  *slog.Logger
	allowed *rate.Limiter
	dropped atomic.Uint64 // lines
}

func newSpeech(plugin stores.Digest, o *Options) *speech {
	return &speech{plugin: plugin.String(), logger: o.Logger, allowed: rate.NewLimiter(rate.Limit(o.LogBytesPerSecond), o.LogBytesPerSecond)}
}

// lineBytes is what a line takes besides its text.
const lineBytes = 64

// pass passes on the lines of one call. dropped is how many the call had beyond its limit.
func (s *speech) pass(id stores.EntityID, lines []plugin.LogLine, dropped int) {
	l, now := s.logger.With("source", "plugin", "plugin", s.plugin, "type", id.Type, "id", id.ID), time.Now()
	for i, line := range lines {
		if !s.allowed.AllowN(now, len(line.Text)+lineBytes) {
			dropped += len(lines) - i
			break
		}
		l.Log(context.Background(), line.Level, line.Text)
	}
	if dropped == 0 {
		return
	}
	if n := s.dropped.Add(uint64(dropped)); s.allowed.AllowN(now, lineBytes) || n&(n-1) == 0 {
		l.Warn("the plugin logs more than it may", "dropped_lines", dropped, "dropped_so_far", n)
	}
}
