package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progress shows how far long work is: one line that is written over on a
// terminal, a line now and then elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	phase    string
	note     string // shown behind the numbers
	shown    time.Time
	width    int // of what stands on the terminal's line
}

func newProgress(w io.Writer) *progress { return &progress{w: w, terminal: terminal(w)} }

// plainPause is the time between two lines where nobody sees them at once.
const plainPause = 10 * time.Second

// show tells that done of total is done in a phase; total 0: nobody knows.
func (p *progress) show(phase string, done, total int64) {
	pause := plainPause
	if p.terminal {
		pause = 100 * time.Millisecond
	}
	if phase == p.phase && time.Since(p.shown) < pause {
		return
	}
	if phase != p.phase {
		p.clear()
	}
	p.phase, p.shown = phase, time.Now()
	line := phase
	note := ""
	if p.note != "" {
		note = "  " + p.note
	}
	if total > 0 {
		line += fmt.Sprintf("  %3d%%  %d of %d", done*100/total, done, total)
	}
	if !p.terminal {
		fmt.Fprintln(p.w, line+note)
		return
	}
	if total > 0 {
		const bar = 24
		full := int(min(done, total) * bar / total)
		line = fmt.Sprintf("%-28s [%s%s] %3d%%", phase, strings.Repeat("=", full), strings.Repeat(" ", bar-full), done*100/total)
	}
	line += note
	fmt.Fprintf(p.w, "\r%-*s", p.width, line)
	p.width = len(line)
}

// clear takes the terminal's line away.
func (p *progress) clear() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
