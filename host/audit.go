package host

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eshost/eshost/host/internal/plugin"
	"github.com/eshost/eshost/stores"
)

// Audit says whether a plugin gave the same answer when calls of it were made a
// second time, on another instance. One that did not depends on more than its input, and what its
// entities do cannot be repeated.
type Audit struct {
	Plugin      stores.Digest
	Audited     uint64       // calls that were made twice
	Differences uint64       // of these, how many were answered differently
	Examples    []Difference // the first ones
}

// Difference is a call that was answered differently by two instances.
type Difference struct {
	Time          time.Time
	Func          string // handle_command or handle_event
	Entity        stores.EntityID
	Seq           uint64 // of the last event in the state that was given
	Fresh         bool   // the second instance had never been called
	Request       []byte // as the ABI has it, and the answers; each is cut after 64 KiB
	First, Second []byte // the first one is what counted
	Err           error  // why there is no second answer; nil: there is
}

// keptDifferences is how many are kept for each plugin.
const keptDifferences = 8

// keptBytes is how much is kept of a request or an answer.
const keptBytes = 64 << 10

// kept copies the beginning.
func kept(b []byte) []byte { return bytes.Clone(b[:min(len(b), keptBytes)]) }

const (
	freshAudits  = 100 // each so many audits the second instance is made for it
	repeatAudits = 8   // each so many audits it is asked twice: where all calls are audited, both would otherwise have the same history
)

// auditor makes a share of a plugin's calls a second time.
type auditor struct {
	plugin *plugin.Plugin
	share  float64
	logger *slog.Logger

	begun, audited, different atomic.Uint64

	mu       sync.Mutex
	examples []Difference
}

// due reports whether a call is to be audited.
func (a *auditor) due() bool { return a.share > 0 && (a.share >= 1 || rand.Float64() < a.share) }

// audit makes a call again and compares the answers. Where no instance can be had, or the call is
// stopped, nothing is said.
func (a *auditor) audit(d Difference, again func(*plugin.Instance, []byte) ([]byte, error)) {
	n := a.begun.Add(1)
	d.Fresh = n%freshAudits == 0
	in, err := a.plugin.Another(context.Background(), d.Fresh)
	if err != nil || in == nil {
		return
	}
	release := a.plugin.Release
	if d.Fresh {
		release = func(in *plugin.Instance) { in.Discard() }
	}
	defer release(in)
	d.Second, d.Err = again(in, d.Request)
	if n%repeatAudits == 1 && d.Err == nil && bytes.Equal(d.First, d.Second) {
		d.Second, d.Err = again(in, d.Request)
	}
	if errors.Is(d.Err, plugin.ErrStopped) || errors.Is(d.Err, plugin.ErrOutOfFuel) {
		return // how long a call takes is no part of its answer
	}
	a.audited.Add(1)
	if d.Err == nil && bytes.Equal(d.First, d.Second) {
		return
	}
	a.note(d)
}

// note keeps a difference and says so.
func (a *auditor) note(d Difference) {
	n := a.different.Add(1)
	if n&(n-1) == 0 { // the first, second, fourth ...
		a.logger.Error("the plugin gives different answers to the same call: what it does depends on more than its input",
			"plugin", stores.Digest(a.plugin.Digest()).String(), "func", d.Func, "type", d.Entity.Type, "id", d.Entity.ID, "seq", d.Seq,
			"differences", n, "audited", a.audited.Load())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.examples) < keptDifferences {
		d.Time = time.Now()
		d.Request, d.First, d.Second = kept(d.Request), kept(d.First), kept(d.Second)
		a.examples = append(a.examples, d)
	}
}

func (a *auditor) report() Audit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Audit{Plugin: a.plugin.Digest(), Audited: a.audited.Load(), Differences: a.different.Load(), Examples: slices.Clone(a.examples)}
}

// Audits returns what audits found of the plugins in service, the oldest of them first.
func (h *Host) Audits() []Audit {
	var all []Audit
	for _, d := range h.running() {
		all = append(all, d.auditor.report())
	}
	return all
}
