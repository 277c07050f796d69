package abi

import "math"

// Manifest is what a plugin says about itself: its answer to describe.
type Manifest struct {
	Major, Minor uint32 // of the ABI it speaks
	SDK          string // what it was built with, for people
	Types        []EntityType
	Limits       OwnLimits
}

// OwnLimits are limits below the host's that a plugin sets itself, so that what
// goes wrong in it is found sooner. 0: the host's. One above the host's changes nothing.
type OwnLimits struct {
	MemoryBytes      uint64 // linear memory of one instance
	Instances        uint64
	CommandFuel      uint64 // instructions that one command may take, or the folding of one event
	EventsPerCommand uint64
	StateBytes       uint64
	PayloadBytes     uint64
}

// ownLimits are the limits by their keys, in the order in which they are written.
func (l *OwnLimits) ownLimits() []ownLimit {
	return []ownLimit{
		{"memory_bytes", &l.MemoryBytes}, {"instances", &l.Instances}, {"command_fuel", &l.CommandFuel},
		{"events_per_command", &l.EventsPerCommand}, {"state_bytes", &l.StateBytes}, {"payload_bytes", &l.PayloadBytes},
	}
}

type ownLimit struct {
	key   string
	value *uint64
}

// EntityType is one type of entity that a plugin serves.
type EntityType struct {
	Name string
	// StateSchema names the layout of the state, usually as a JSON Schema. A
	// snapshot with another one is not read.
	StateSchema string
	Commands    []CommandSpec
	Events      []EventSpec // every (name, version) that can be folded
}

// CommandSpec is a command that a type takes. Only Name is required.
type CommandSpec struct {
	Name       string
	Schema     string   // JSON Schema of the payload
	Reply      string   // JSON Schema of the reply
	Rejections []string // codes
	Examples   [][]byte // payloads
}

// EventSpec is an event that a type can fold. Schema is not required.
type EventSpec struct {
	Name    string
	Version uint32
	Schema  string // JSON Schema of the payload
}

// Type returns the entity type of that name, or nil.
func (m *Manifest) Type(name string) *EntityType {
	for i := range m.Types {
		if m.Types[i].Name == name {
			return &m.Types[i]
		}
	}
	return nil
}

// AppendManifest appends m as a message to dst. It checks nothing.
func AppendManifest(dst []byte, m *Manifest) []byte {
	limits := 0
	for _, l := range m.Limits.ownLimits() {
		if *l.value != 0 {
			limits++
		}
	}
	keys := 3
	if limits > 0 {
		keys++
	}
	dst = AppendMap(dst, keys)
	dst = append(AppendString(dst, "abi"), 0x92)
	dst = AppendUint(dst, uint64(m.Major))
	dst = AppendUint(dst, uint64(m.Minor))
	dst = AppendString(AppendString(dst, "sdk"), m.SDK)
	dst = AppendArray(AppendString(dst, "types"), len(m.Types))
	for i := range m.Types {
		dst = appendType(dst, &m.Types[i])
	}
	if limits == 0 {
		return dst
	}
	dst = AppendMap(AppendString(dst, "limits"), limits)
	for _, l := range m.Limits.ownLimits() {
		if *l.value != 0 {
			dst = AppendUint(AppendString(dst, l.key), *l.value)
		}
	}
	return dst
}

func appendType(dst []byte, t *EntityType) []byte {
	dst = AppendMap(dst, 4)
	dst = AppendString(AppendString(dst, "type"), t.Name)
	dst = AppendString(AppendString(dst, "state_schema"), t.StateSchema)
	dst = AppendArray(AppendString(dst, "commands"), len(t.Commands))
	for i := range t.Commands {
		dst = appendCommandSpec(dst, &t.Commands[i])
	}
	dst = AppendArray(AppendString(dst, "events"), len(t.Events))
	for _, e := range t.Events {
		keys := 2
		if e.Schema != "" {
			keys++
		}
		dst = AppendMap(dst, keys)
		dst = AppendString(AppendString(dst, "name"), e.Name)
		dst = AppendUint(AppendString(dst, "version"), uint64(e.Version))
		if e.Schema != "" {
			dst = AppendString(AppendString(dst, "schema"), e.Schema)
		}
	}
	return dst
}

func appendCommandSpec(dst []byte, c *CommandSpec) []byte {
	keys := 1
	for _, there := range []bool{c.Schema != "", c.Reply != "", len(c.Rejections) > 0, len(c.Examples) > 0} {
		if there {
			keys++
		}
	}
	dst = AppendMap(dst, keys)
	dst = AppendString(AppendString(dst, "name"), c.Name)
	if c.Schema != "" {
		dst = AppendString(AppendString(dst, "schema"), c.Schema)
	}
	if c.Reply != "" {
		dst = AppendString(AppendString(dst, "reply"), c.Reply)
	}
	if len(c.Rejections) > 0 {
		dst = AppendArray(AppendString(dst, "rejections"), len(c.Rejections))
		for _, code := range c.Rejections {
			dst = AppendString(dst, code)
		}
	}
	if len(c.Examples) > 0 {
		dst = AppendArray(AppendString(dst, "examples"), len(c.Examples))
		for _, payload := range c.Examples {
			dst = AppendBin(dst, payload)
		}
	}
	return dst
}

// DecodeManifest reads a manifest. Keys that it does not know are passed over,
// so that the version of a newer ABI can be seen; required ones must be there
// and no key may come twice. It does not judge what the manifest says: see
// [Manifest.Validate]. Errors are [*FormatError]. The result shares no memory
// with b.
func DecodeManifest(b []byte) (*Manifest, error) {
	in := reader{b: b}
	m := new(Manifest)
	in.fields("manifest", func(key string) bool {
		switch key {
		case "abi":
			in.version2(&m.Major, &m.Minor)
		case "sdk":
			m.SDK = string(in.str("sdk"))
		case "types":
			list(&in, "types", &m.Types, in.entityType)
		case "limits":
			in.ownLimits(&m.Limits)
		default:
			return false
		}
		return true
	}, "abi", "sdk", "types")
	if err := in.done("manifest"); err != nil {
		return nil, err
	}
	return m, nil
}

// version2 reads the version of the ABI. A newer minor may have more places.
func (r *reader) version2(major, minor *uint32) {
	at := r.pos
	n := r.array("abi")
	if r.err == nil && n < 2 {
		r.fail(at, "abi: has %d places, want [major, minor]", n)
	}
	*major = uint32(r.uint("abi's major", math.MaxUint32))
	*minor = uint32(r.uint("abi's minor", math.MaxUint32))
	for i := 2; i < n && r.err == nil; i++ {
		r.skip()
	}
}

func (r *reader) ownLimits(limits *OwnLimits) {
	all := limits.ownLimits()
	r.fields("limits", func(key string) bool {
		for _, l := range all {
			if l.key == key {
				at := r.pos
				if *l.value = r.uint("limits' "+key, math.MaxUint64); *l.value == 0 && r.err == nil {
					r.fail(at, "limits' %s: 0, want a limit above it, or the key left out", key)
				}
				return true
			}
		}
		return false
	})
}

func (r *reader) entityType() (t EntityType) {
	r.fields("type", func(key string) bool {
		switch key {
		case "type":
			t.Name = string(r.str("type's name"))
		case "state_schema":
			t.StateSchema = string(r.str("state_schema"))
		case "commands":
			list(r, "commands", &t.Commands, r.commandSpec)
		case "events":
			list(r, "events", &t.Events, r.eventSpec)
		default:
			return false
		}
		return true
	}, "type", "state_schema", "commands", "events")
	return t
}

func (r *reader) commandSpec() (c CommandSpec) {
	r.fields("command", func(key string) bool {
		switch key {
		case "name":
			c.Name = string(r.str("command's name"))
		case "schema":
			c.Schema = string(r.str("command's schema"))
		case "reply":
			c.Reply = string(r.str("command's reply"))
		case "rejections":
			list(r, "rejections", &c.Rejections, func() string { return string(r.str("rejection's code")) })
		case "examples":
			list(r, "examples", &c.Examples, r.example)
		default:
			return false
		}
		return true
	}, "name")
	return c
}

func (r *reader) eventSpec() (e EventSpec) {
	r.fields("event", func(key string) bool {
		switch key {
		case "name":
			e.Name = string(r.str("event's name"))
		case "version":
			e.Version = uint32(r.uint("event's version", math.MaxUint32))
		case "schema":
			e.Schema = string(r.str("event's schema"))
		default:
			return false
		}
		return true
	}, "name", "version")
	return e
}

func (r *reader) example() []byte {
	at := r.pos
	v := r.value("example", 0)
	if r.err == nil && v == nil {
		r.fail(at, "example: nil, want bytes")
	}
	return append([]byte(nil), v...)
}

// list reads an array into values, each element with read.
func list[T any](r *reader, noun string, values *[]T, read func() T) {
	for n := r.array(noun); n > 0 && r.err == nil; n-- {
		*values = append(*values, read())
	}
}

// fields reads a map. It calls read with each key, which reads the value or
// returns false to have it passed over.
func (r *reader) fields(noun string, read func(key string) bool, required ...string) {
	start := r.pos
	seen := make(map[string]bool)
	for n := r.mapping(noun); n > 0 && r.err == nil; n-- {
		at := r.pos
		key := string(r.str(noun + "'s key"))
		if r.err != nil {
			return
		}
		if seen[key] {
			r.fail(at, "%s: key %q comes twice", noun, key)
			return
		}
		seen[key] = true
		if !read(key) {
			r.skip()
		}
	}
	for _, key := range required {
		if !seen[key] {
			r.fail(start, "%s: key %q is missing", noun, key)
			return
		}
	}
}

// skip passes over one value.
func (r *reader) skip() {
	if r.err != nil {
		return
	}
	end, what := scanValue(r.b, r.pos, 0)
	if what != "" {
		r.fail(end, "%s", what)
		return
	}
	r.pos = end
}
