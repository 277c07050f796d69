package api_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/api"
	"github.com/eshost/eshost/host"
	"github.com/eshost/eshost/stores"
)

// fake is a host of counters in memory that fails as it is told.
type fake struct {
	mu          sync.Mutex
	entities    map[stores.EntityID][]host.Event
	values      map[stores.EntityID]uint64
	answers     map[string]host.Reply // by command id
	changed     chan struct{}         // closed and replaced when there are new events
	fails       map[string]error      // by command
	panics      string                // on this command
	readErr     error
	followed    error // ends live streams
	last        host.Command
	quarantined []*host.QuarantineError
	audits      []host.Audit
	deployErr   error // of a plan, a deployment or a rollback
	deployed    host.DeployOptions
	rolledBack  host.RollbackOptions
	replayed    host.ReplayQuery
	replayErr   error
	replayLate  bool // it fails after the first report

	inFlight, mostInFlight, taken atomic.Int64
}

var (
	digest = stores.Digest{1, 2, 3}
	moment = time.Date(2026, 11, 23, 16, 0, 0, 7e6, time.UTC)
)

func newFake() *fake {
	return &fake{entities: make(map[stores.EntityID][]host.Event), values: make(map[stores.EntityID]uint64),
		answers: make(map[string]host.Reply), fails: make(map[string]error), changed: make(chan struct{})}
}

var _ api.Backend = (*fake)(nil)

// failing makes the command fail.
func (f *fake) failing(command string, err error) *fake {
	f.fails[command] = err
	return f
}

// with gives the entity n events.
func (f *fake) with(typ, id string, n int) *fake {
	for range n {
		f.append(stores.EntityID{Type: typ, ID: id}, "increased", 1)
	}
	return f
}

func (f *fake) append(id stores.EntityID, name string, by uint64) {
	payload := abi.AppendUint(abi.AppendString(abi.AppendMap(nil, 1), "by"), by)
	seq := uint64(len(f.entities[id]) + 1)
	f.entities[id] = append(f.entities[id], host.Event{Entity: id, Seq: seq, Name: name, Version: 1, Payload: payload,
		Time: moment, Plugin: digest, Position: stores.NewPosition("c", uint32(seq))})
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) lastCommand() host.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *fake) Handle(ctx context.Context, id stores.EntityID, c host.Command) (host.Reply, error) {
	if err := id.Validate(); err != nil {
		return host.Reply{}, err
	}
	if id.Type != "counter" {
		return host.Reply{}, fmt.Errorf("%w: %q", host.ErrUnknownType, id.Type)
	}
	if c.Name == "wait" {
		<-ctx.Done()
		return host.Reply{}, fmt.Errorf("%w: %w", host.ErrNotStarted, ctx.Err())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = c
	f.last.Payload = slices.Clone(c.Payload)
	if f.panics != "" && c.Name == f.panics {
		panic("told to")
	}
	if err := f.fails[c.Name]; err != nil {
		return host.Reply{}, err
	}
	if r, ok := f.answers[c.ID]; ok {
		r.Repeated = true
		return r, nil
	}
	seq := uint64(len(f.entities[id]))
	if c.Expected != nil && *c.Expected != seq {
		return host.Reply{}, &host.ExpectedError{Entity: id, Expected: *c.Expected, Seq: seq}
	}
	r, err := f.decide(id, c)
	if err == nil && c.ID != "" {
		f.answers[c.ID] = r
	}
	return r, err
}

func (f *fake) decide(id stores.EntityID, c host.Command) (host.Reply, error) {
	switch c.Name {
	case "echo":
		return host.Reply{Seq: uint64(len(f.entities[id])), Payload: slices.Clone(c.Payload)}, nil
	case "increase", "decrease":
	default:
		return host.Reply{}, &host.Fault{Kind: host.UnknownCommand, Plugin: digest, Func: "handle_command", Message: c.Name}
	}
	var change struct {
		By *uint64 `msgpack:"by"`
	}
	if err := msgpack.Unmarshal(c.Payload, &change); err != nil || change.By == nil {
		return host.Reply{}, &host.Fault{Kind: host.BadPayload, Plugin: digest, Func: "handle_command", Message: "by is missing"}
	}
	if c.Name == "decrease" {
		if *change.By > f.values[id] {
			return host.Reply{}, &host.Rejection{Code: "underflow", Payload: abi.AppendUint(nil, f.values[id])}
		}
		f.values[id] -= *change.By
	} else {
		f.values[id] += *change.By
	}
	f.append(id, c.Name+"d", *change.By)
	return host.Reply{Seq: uint64(len(f.entities[id])), Events: 1, Payload: abi.AppendUint(nil, f.values[id])}, nil
}

func (f *fake) Explain(id stores.EntityID, command string, err error) error {
	if f, ok := err.(*host.Fault); ok {
		return &host.CommandError{Entity: id, Command: command, Fault: f}
	}
	return err
}

func (f *fake) State(ctx context.Context, id stores.EntityID) (host.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := id.Validate(); err != nil {
		return host.State{}, err
	}
	if f.readErr != nil {
		return host.State{}, f.readErr
	}
	if id.Type != "counter" {
		return host.State{}, fmt.Errorf("%w: %q", host.ErrUnknownType, id.Type)
	}
	if len(f.entities[id]) == 0 {
		return host.State{}, fmt.Errorf("%s: %w", id, host.ErrNoEvents)
	}
	return host.State{Seq: uint64(len(f.entities[id])), Payload: abi.AppendUint(nil, f.values[id]), Plugin: digest,
		StateSchema: `{"type":"integer"}`, Time: moment}, nil
}

func (f *fake) Events(_ context.Context, id stores.EntityID, after uint64) iter.Seq2[host.Event, error] {
	return func(yield func(host.Event, error) bool) {
		f.mu.Lock()
		all, err := f.entities[id], f.readErr
		f.mu.Unlock()
		if err == nil {
			err = id.Validate()
		}
		if err != nil {
			yield(host.Event{}, err)
			return
		}
		for _, e := range all {
			if e.Seq > after && !yield(e, nil) {
				return
			}
		}
	}
}

func (f *fake) Follow(ctx context.Context, id stores.EntityID, after uint64) iter.Seq2[host.Event, error] {
	return func(yield func(host.Event, error) bool) {
		for {
			f.mu.Lock()
			changed, err := f.changed, f.followed
			f.mu.Unlock()
			for e := range f.Events(ctx, id, after) {
				if !yield(e, nil) {
					return
				}
				after = e.Seq
			}
			if err != nil {
				yield(host.Event{}, err)
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				yield(host.Event{}, ctx.Err())
				return
			}
		}
	}
}

func (f *fake) Entities(_ context.Context, typ, after string) iter.Seq2[stores.EntityID, error] {
	return func(yield func(stores.EntityID, error) bool) {
		f.mu.Lock()
		var ids []string
		for id := range f.entities {
			if id.Type == typ && id.ID > after {
				ids = append(ids, id.ID)
			}
		}
		err := f.readErr
		f.mu.Unlock()
		if err != nil {
			yield(stores.EntityID{}, err)
			return
		}
		slices.Sort(ids)
		for _, id := range ids {
			if !yield(stores.EntityID{Type: typ, ID: id}, nil) {
				return
			}
		}
	}
}

var manifest = &abi.Manifest{Major: 1, SDK: "go 1", Types: []abi.EntityType{{
	Name: "counter", StateSchema: "counter state 1",
	Commands: []abi.CommandSpec{
		{Name: "increase", Schema: `{"type":"object","properties":{"by":{"type":"integer","maximum":18446744073709551615}}}`, Reply: "not a schema",
			Rejections: []string{"overflow"}, Examples: [][]byte{{0x81, 0xa2, 'b', 'y', 5}}},
		{Name: "reset"},
	},
	Events: []abi.EventSpec{{Name: "increased", Version: 1, Schema: `true`}, {Name: "reset", Version: 2}},
}}}

func (f *fake) Types() []host.TypeInfo {
	return []host.TypeInfo{{EntityType: manifest.Types[0], Plugin: digest, Former: stores.Digest{9}, Deployment: 3, Resident: 3}}
}

func (f *fake) Deployments() []host.Deployment {
	return []host.Deployment{{Plugin: digest, Manifest: manifest, Size: 1234, Time: moment, Seq: 1, Types: []string{"counter"}, By: "ada@example.com", From: "192.0.2.7"}}
}

// plan is what the fake plans for any plugin.
func (f *fake) plan(wasm []byte) *host.Plan {
	return &host.Plan{Token: "3-abc", Seq: 3, Plugin: sha256.Sum256(wasm), Bytes: len(wasm), Manifest: manifest, Left: []string{"order"}, Types: []host.TypePlan{
		{Type: "counter", Serving: &digest, States: host.RefoldStates, Unlisted: []stores.Kind{{Name: "reset", Version: 2}}, SnapshotsIgnored: "another plugin", Unsafe: "of late",
			Changes: []host.Change{{Type: "counter", Op: "changed", What: "command", Name: "increase", Detail: "schema"}, {Type: "counter", Op: "removed", What: "event", Name: "reset v2"}}},
		{Type: "new", States: host.RefoldStates, Changes: []host.Change{{Type: "new", Op: "added", What: "type"}}},
	}}
}

func (f *fake) Plan(_ context.Context, wasm []byte, o *host.DeployOptions) (*host.Plan, error) {
	f.deployed = *o
	if f.deployErr != nil {
		return nil, f.deployErr
	}
	return f.plan(wasm), nil
}

func (f *fake) DeployWith(_ context.Context, wasm []byte, o *host.DeployOptions) (host.Deployment, error) {
	f.deployed = *o
	o.Progress(host.Progress{Step: host.StepLoad})
	o.Progress(host.Progress{Step: host.StepPlanned, Plan: f.plan(wasm)})
	if f.deployErr != nil {
		return host.Deployment{}, f.deployErr
	}
	return host.Deployment{Plugin: sha256.Sum256(wasm), Seq: 4, Time: moment, Types: []string{"counter"}, By: o.By, From: o.From}, nil
}

func (f *fake) Rollback(_ context.Context, typ string, o *host.RollbackOptions) (host.Deployment, error) {
	f.rolledBack = *o
	if f.deployErr != nil {
		return host.Deployment{}, f.deployErr
	}
	return host.Deployment{Plugin: digest, Seq: 5, Time: moment, Types: []string{typ}, By: o.By, From: o.From}, nil
}

// entries is a history.
var entries = []host.DeploymentEntry{
	{Seq: 1, Time: moment, Plugin: digest, Bytes: 1234, Types: []host.DeployedType{{Name: "counter", States: host.RefoldStates}}, By: "ada@example.com", From: "192.0.2.7"},
	{Seq: 2, Time: moment, Plugin: stores.Digest{9}, Bytes: 99, Types: []host.DeployedType{{Name: "counter", States: host.KeepStates}}, Forced: true},
	{Seq: 3, Time: moment, Plugin: digest, Types: []host.DeployedType{{Name: "counter", States: host.RefoldStates}}, Rollback: true},
}

func (f *fake) DeploymentHistory() []host.DeploymentEntry { return entries }

func (f *fake) Plugin(_ context.Context, text string) (host.PluginInfo, error) {
	if !strings.HasPrefix(digest.String(), text) {
		return host.PluginInfo{}, fmt.Errorf("%w: %q", host.ErrUnknownPlugin, text)
	}
	return host.PluginInfo{Plugin: digest, Bytes: 1234, Manifest: manifest, Serves: []string{"counter"}, Entries: []host.DeploymentEntry{entries[0], entries[2]}}, nil
}

// past is what the fake says of what was, and of what would be.
func past(id stores.EntityID, seq uint64) error {
	if seq > 3 {
		return &host.NotReachedError{Entity: id, At: seq, Seq: 3}
	}
	return nil
}

func (f *fake) StateAt(_ context.Context, id stores.EntityID, seq uint64, wasm []byte) (host.State, error) {
	s := host.State{Seq: seq, Payload: []byte{7}, Plugin: digest, StateSchema: "v1", Time: moment}
	if wasm != nil {
		s.Plugin = sha256.Sum256(wasm)
	}
	return s, past(id, seq)
}

func (f *fake) DryRun(_ context.Context, id stores.EntityID, c host.Command) (*host.DryRun, error) {
	if c.Expected != nil {
		return nil, &host.ExpectedError{Entity: id, Expected: *c.Expected, Seq: 3}
	}
	d := &host.DryRun{Seq: 3, Plugin: digest, Time: moment, State: []byte{8}, Reply: []byte{8},
		Events: []host.Event{{Seq: 4, Name: "increased", Version: 1, Payload: c.Payload}}}
	if c.Name == "refuse" {
		d.Events, d.Reply, d.Rejection = nil, nil, &host.Rejection{Code: "refused"}
	}
	return d, nil
}

// redecision is a command that was decided differently.
var redecision = &host.Redecision{
	Commit: &stores.Commit{Entity: stores.EntityID{Type: "counter", ID: "a"}, Expected: 1, Time: moment, Plugin: digest,
		Commands: []stores.CommandRecord{{Name: "increase", Payload: []byte{5}}, {Name: "decrease"}}},
	Command:  1,
	Recorded: host.Did{Events: []stores.Event{{Name: "decreased", Version: 1}}, Reply: []byte{7}},
	Now:      host.Did{Err: &host.Rejection{Code: "underflow"}},
}

func (f *fake) VerifyEntity(_ context.Context, id stores.EntityID) (*host.Verification, error) {
	if id.ID == "none" {
		return nil, host.ErrNoEvents
	}
	return &host.Verification{Seq: 3, Decided: host.Redecided{Commits: 3, Equal: 1, Different: 1, Unknown: 1}, Decisions: []*host.Redecision{redecision},
		Plugins: []host.VerifiedPlugin{{Plugin: digest, Decided: host.Redecided{Commits: 3, Equal: 1, Different: 1, Unknown: 1}, Err: stores.ErrNotFound}}}, nil
}

func (f *fake) Replay(_ context.Context, q host.ReplayQuery, wasm []byte) iter.Seq2[*host.ReplayReport, error] {
	f.replayed = q
	return func(yield func(*host.ReplayReport, error) bool) {
		if f.replayErr != nil && !f.replayLate {
			yield(nil, f.replayErr)
			return
		}
		r := &host.ReplayReport{Until: stores.NewPosition("7", 1), Entities: 1, Events: 3, TotalEntities: 2, TotalEvents: 6, Elapsed: time.Second, Rate: 3, Ends: moment}
		r.Verdicts[host.Equal] = 1
		if !yield(r, nil) {
			return
		}
		if f.replayErr != nil {
			yield(nil, f.replayErr)
			return
		}
		last := *r
		last.Done, last.Entities = true, 4
		last.Verdicts[host.Different], last.Verdicts[host.Faulty] = 1, 1
		last.Decided, last.Decisions = host.Redecided{Commits: 1, Different: 1}, []*host.Redecision{redecision}
		event := &stores.Event{Name: "increased", Version: 1, Payload: []byte{1}}
		last.Findings = []*host.ReplayFinding{
			{Entity: redecision.Commit.Entity, Verdict: host.Different, Events: 3, Kept: 1, Seq: 2, Event: event, Old: []byte{3}, New: []byte{4}},
			{Entity: stores.EntityID{Type: "counter", ID: "b"}, Verdict: host.Faulty, Events: 3, Seq: 3, Event: event, Err: errors.New("cannot fold")},
		}
		yield(&last, nil)
	}
}

func (f *fake) Quarantined() []*host.QuarantineError { return f.quarantined }

func (f *fake) Audits() []host.Audit { return f.audits }

func (f *fake) Pipe(window int) api.Pipe {
	return &fakePipe{f: f, answers: make(chan host.Answer, window), room: make(chan struct{}, window)}
}

// fakePipe decides each command as it is sent.
type fakePipe struct {
	f       *fake
	room    chan struct{}
	answers chan host.Answer
	once    sync.Once
}

func (p *fakePipe) Send(ctx context.Context, id stores.EntityID, c host.Command, ref any) error {
	select {
	case p.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.f.taken.Add(1)
	if n := p.f.inFlight.Add(1); n > p.f.mostInFlight.Load() {
		p.f.mostInFlight.Store(n)
	}
	if !c.Wait {
		return errors.New("a command of a stream does not wait for room")
	}
	reply, err := p.f.Handle(ctx, id, c)
	p.answers <- host.Answer{Ref: ref, Reply: reply, Err: err}
	return nil
}

func (p *fakePipe) Receive(ctx context.Context) (host.Answer, error) {
	select {
	case a, ok := <-p.answers:
		if !ok {
			return a, io.EOF
		}
		p.f.inFlight.Add(-1)
		<-p.room
		return a, nil
	case <-ctx.Done():
		return host.Answer{}, ctx.Err()
	}
}

func (p *fakePipe) CloseSend() { p.once.Do(func() { close(p.answers) }) }
