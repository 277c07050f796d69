package scenario

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/eshost/eshost/abi"
)

// Plugin is what scenarios are run against.
type Plugin struct {
	Manifest *abi.Manifest
	// Open makes a fresh instance.
	Open func(ctx context.Context) (Guest, error)
}

// Guest is an instance of a plugin, as a sandbox.Instance is one. An answer is valid until the next call.
type Guest interface {
	HandleCommand(request []byte) ([]byte, error)
	HandleEvent(request []byte) ([]byte, error)
	Close()
}

// Run runs the scenarios of the files whose names match, all if match is nil, and tells show of each when it has ended.
// That the plugin does not have what a file names is a *ParseError.
func Run(ctx context.Context, p *Plugin, files []*File, match *regexp.Regexp, show func(*Result)) (*Report, error) {
	types, err := bind(p.Manifest, files)
	if err != nil {
		return nil, err
	}
	report := &Report{Scenarios: []Result{}}
	used, err := p.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { used.Close() }()
	for i, f := range files {
		for j := range f.Scenarios {
			s := &f.Scenarios[j]
			if match != nil && !match.MatchString(s.Name) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r := &running{path: f.Path, result: Result{File: f.Path, Line: s.Line, Name: s.Name}}
			r.entity = entity{plugin: p, def: types[i], id: s.id, used: used}
			err := r.run(ctx, s)
			used = r.entity.used
			if err != nil {
				return nil, err
			}
			report.add(r.result)
			if show != nil {
				show(&r.result)
			}
		}
	}
	return report, nil
}

// bind finds the types and the events that the files name.
func bind(m *abi.Manifest, files []*File) ([]*abi.EntityType, error) {
	var types []*abi.EntityType
	p := parser{}
	for _, f := range files {
		p.path = f.Path
		def := m.Type(f.Type)
		if f.Type == "" && len(m.Types) == 1 {
			def = &m.Types[0]
		}
		types = append(types, def)
		if def == nil {
			p.noType(f, m)
			continue
		}
		for i := range f.Scenarios {
			s := &f.Scenarios[i]
			p.bindEvents(def, s.given)
			for j := range s.steps {
				if events := s.steps[j].then.events; events != nil {
					p.bindEvents(def, *events)
				}
			}
		}
	}
	return types, p.err()
}

func (p *parser) noType(f *File, m *abi.Manifest) {
	var names []string
	for i := range m.Types {
		names = append(names, m.Types[i].Name)
	}
	if f.Type == "" {
		p.fail(1, "the plugin has several types; say which, as in type: %s. There are %s", names[0], strings.Join(names, ", "))
		return
	}
	p.fail(f.typeLine, "the plugin has no type %q; it has %s", f.Type, strings.Join(names, ", "))
}

func (p *parser) bindEvents(def *abi.EntityType, events []event) {
	for _, e := range events {
		version := e.at(def)
		if listed(def, e.name, version) {
			continue
		}
		var names []string
		for _, spec := range def.Events {
			names = append(names, label(def, spec.Name, spec.Version))
		}
		name := e.name
		if version != 0 {
			name = versioned(name, version)
		}
		p.fail(e.line, "type %s has no event %s; it has %s", def.Name, name, strings.Join(names, ", "))
	}
}

// at is the version of the event in a type, or 0 if the type has none of that name.
func (e *event) at(def *abi.EntityType) uint32 {
	if e.version != 0 {
		return e.version
	}
	return newest(def, e.name)
}

// newest is the highest version of an event, or 0.
func newest(def *abi.EntityType, name string) uint32 {
	var version uint32
	for _, e := range def.Events {
		if e.Name == name {
			version = max(version, e.Version)
		}
	}
	return version
}

func versioned(name string, version uint32) string {
	return name + "@" + strconv.FormatUint(uint64(version), 10)
}

// running is a scenario under way.
type running struct {
	path   string
	result Result
	entity entity
}

// fail says what went wrong at a line.
func (r *running) fail(line, step int, command *command, what string) {
	f := Failure{Line: line, Step: step, Text: what}
	if command != nil {
		f.Command = command.String()
	}
	r.result.Failures = append(r.result.Failures, f)
}

// run runs a scenario. Its error is one that ends all; what is wrong with the plugin is in the result.
func (r *running) run(ctx context.Context, s *Scenario) error {
	e := &r.entity
	var err error
	if e.fresh, err = e.plugin.Open(ctx); err != nil {
		return err
	}
	defer func() { e.fresh.Close() }()
	if err := r.give(s); err != nil {
		r.fail(err.line, 0, nil, err.what)
		return e.renew(ctx)
	}
	b := batch{now: s.now, seq: e.seq, state: e.state}
	for i := range s.steps {
		step := &s.steps[i]
		if step.now != b.now {
			if err := b.check(e); err != nil {
				r.fail(s.Line, 0, nil, err.Error())
				return e.renew(ctx)
			}
			b = batch{now: step.now, seq: e.seq, state: e.state}
		}
		number := i + 1
		if len(s.steps) == 1 {
			number = 0
		}
		trapped, err := r.step(ctx, number, step, &b)
		switch {
		case err != nil:
			r.fail(step.line, number, step.command, err.Error())
			return e.renew(ctx)
		case len(r.result.Failures) > 0:
			return nil
		case trapped:
			b = batch{now: step.now, seq: e.seq, state: e.state}
		}
	}
	if err := b.check(e); err != nil {
		r.fail(s.Line, 0, nil, err.Error())
		return e.renew(ctx)
	}
	return nil
}

// failedGiven says which of the given events makes trouble.
type failedGiven struct {
	line int
	what string
}

// give folds the given events.
func (r *running) give(s *Scenario) *failedGiven {
	e := &r.entity
	if len(s.given) == 0 {
		return nil
	}
	var step []byte
	for i, given := range s.given {
		event := abi.Event{Name: given.name, Version: given.at(e.def), Payload: given.payload.encode()}
		var err error
		if step, err = e.fold(e.fresh, uint64(i), step, []abi.Event{event}); err != nil {
			return &failedGiven{given.line, fmt.Sprintf("given event %d, %s, cannot be folded: %v", i+1, label(e.def, event.Name, event.Version), err)}
		}
		e.history = append(e.history, event)
	}
	whole, err := e.fold(e.used, 0, nil, e.history)
	if err == nil {
		err = e.same("the fold of the given events in one call, unlike that of one by one,", step, whole)
	}
	if err != nil {
		return &failedGiven{s.given[0].line, err.Error()}
	}
	e.seq, e.state = uint64(len(e.history)), whole
	return nil
}

// step runs a step and compares. An error is what must not happen whatever the step expects.
func (r *running) step(ctx context.Context, number int, s *step, b *batch) (trapped bool, err error) {
	e := &r.entity
	if s.command != nil {
		command := abi.Command{Name: s.command.name, Payload: s.command.payload.encode()}
		d, err := e.decideAlike(s.now, command)
		if err == nil {
			err = e.apply(d)
		}
		if err != nil {
			return false, err
		}
		o := &d.outcomes[0]
		b.commands, b.outcomes = append(b.commands, command), append(b.outcomes, *o)
		for _, what := range s.then.judge(e, o) {
			r.fail(s.line, number, s.command, what)
		}
		if trapped = o.trapped; trapped {
			if err := e.renew(ctx); err != nil {
				return false, err
			}
		}
	}
	if s.then.state == nil {
		return trapped, nil
	}
	state, err := e.current()
	if err != nil {
		return trapped, breach("the state of a new entity: %v", err)
	}
	if got := decode(state); !s.then.state.value.equal(got) {
		r.fail(s.line, number, s.command, difference("state", s.then.state.value, got))
	}
	return trapped, nil
}
