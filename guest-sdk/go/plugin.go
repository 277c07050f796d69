package eshost

import (
	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// SDK is what a plugin's description says it was built with.
const SDK = "eshost-go 0.1.0"

// Plugin is the message loop of a plugin: the ABI's requests in, its answers out, as bytes. Compiled to WebAssembly,
// [Serve] connects one to the exports; natively, tools and tests can talk to it just as a host does.
//
// A Plugin must not be used from several goroutines at once. Answers are valid until its next call.
type Plugin struct {
	manifest []byte
	types    []AnyType
	runners  []entityRunner
	heads    []*codec.Head // of the runners
	answer   []byte
}

// NewPlugin makes a plugin of the given types. It panics if there is none, or two of one name.
func NewPlugin(types ...AnyType) *Plugin { return newPlugin(false, types) }

// newPlugin makes a plugin that trusts promises of [ReadOnly] or does not.
func newPlugin(trusts bool, types []AnyType) *Plugin {
	p := &Plugin{types: types}
	for i, t := range types {
		for _, other := range types[:i] {
			if other.Name() == t.Name() {
				panic("eshost: two types named " + quote(t.Name()))
			}
		}
		r := t.newRunner(trusts)
		p.runners, p.heads = append(p.runners, r), append(p.heads, r.head())
	}
	if len(types) == 0 {
		panic("eshost: a plugin needs at least one type")
	}
	p.manifest = describe(types)
	return p
}

// Describe answers with the manifest.
func (p *Plugin) Describe() []byte { return p.manifest }

// HandleCommand answers a command request. A request that is malformed in itself, which no host sends, is answered by
// a refusal of kind 2, one for a type that the plugin does not have by one of kind 1.
func (p *Plugin) HandleCommand(request []byte) []byte {
	for i, head := range p.heads {
		if head.Command(request) {
			return p.runners[i].handleCommand(true)
		}
	}
	runner, kind, message := p.find(request, 6)
	if runner != nil {
		return runner.handleCommand(false)
	}
	p.answer = codec.AppendUint(append(p.answer[:0], 0x93, 0x01), kind)
	return p.refuse(message)
}

// HandleEvent answers an event request, of the malformed ones as [Plugin.HandleCommand] does.
func (p *Plugin) HandleEvent(request []byte) []byte {
	for i, head := range p.heads {
		if head.Event(request) {
			return p.runners[i].handleEvent(true)
		}
	}
	runner, kind, message := p.find(request, 5)
	if runner != nil {
		return runner.handleEvent(false)
	}
	p.answer = append(codec.AppendUint(append(p.answer[:0], 0x94, 0x01), kind), 0x00)
	return p.refuse(message)
}

// find reads the beginning of a request in any form, up to the type. It gives the reason if there is no runner for it.
func (p *Plugin) find(request []byte, places int) (runner entityRunner, kind uint64, message string) {
	reader := codec.Reader{Src: request}
	n, ok := reader.Array()
	if !ok || n != places {
		return nil, kindPayload, badRequest
	}
	name, ok := reader.String()
	if !ok {
		return nil, kindPayload, badRequest
	}
	for i, t := range p.types {
		if t.Name() == string(name) {
			p.heads[i].Reader = reader
			return p.runners[i], 0, ""
		}
	}
	return nil, kindCommand, p.lacks(name)
}

// lacks says that the plugin has no such type, and which it has.
func (p *Plugin) lacks(name []byte) string {
	names := make([]string, len(p.types))
	for i, t := range p.types {
		names[i] = t.Name()
	}
	return "the plugin has no type " + quote(string(name)) + "; it has " + codec.Listed(names)
}

func (p *Plugin) refuse(message string) []byte {
	p.answer = codec.AppendString(p.answer, cut(message))
	return p.answer
}
