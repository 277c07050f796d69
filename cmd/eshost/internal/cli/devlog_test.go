package cli

import (
	"log/slog"
	"strings"
	"testing"
)

func TestTheLogAmongWhatDevSays(t *testing.T) {
	var out strings.Builder
	l := newDevLog(&out, slog.LevelWarn)
	log := slog.New(l)
	digest := strings.Repeat("0a", 32)
	log.With("plugin", digest).Error("command failed in its plugin", "type", "counter", "message", "a bad day", "cause", "")
	log.Info("nobody asked")
	log.Warn("sixty-four letters", "id", strings.Repeat("x", 64))
	l.muted.Store(true)
	log.Error("dev says it itself")
	l.muted.Store(false)
	log.Error("again")
	want := "error     command failed in its plugin plugin=0a0a0a0a0a0a type=counter message=\"a bad day\" cause=\"\"\n" +
		"warn      sixty-four letters id=" + strings.Repeat("x", 64) + "\n" +
		"error     again\n"
	if out.String() != want {
		t.Errorf("wrote\n%swant\n%s", &out, want)
	}
}
