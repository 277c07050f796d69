package abi_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/eshost/eshost/abi"
)

func TestManifestVectors(t *testing.T) {
	each(t, readVectors(t).Manifests, func(c *envelope[manifestVector]) string { return c.Name },
		func(t *testing.T, c *envelope[manifestVector]) {
			want := &abi.Manifest{Major: c.Message.ABI[0], Minor: c.Message.ABI[1], SDK: c.Message.SDK}
			for _, v := range c.Message.Types {
				e := abi.EntityType{Name: v.Type, StateSchema: v.StateSchema}
				for _, vc := range v.Commands {
					spec := abi.CommandSpec{Name: vc.Name, Schema: vc.Schema, Reply: vc.Reply}
					spec.Rejections = append(spec.Rejections, vc.Rejections...)
					for _, example := range vc.Examples {
						spec.Examples = append(spec.Examples, example)
					}
					e.Commands = append(e.Commands, spec)
				}
				for _, ve := range v.Events {
					e.Events = append(e.Events, abi.EventSpec{Name: ve.Name, Version: ve.Version, Schema: ve.Schema})
				}
				want.Types = append(want.Types, e)
			}
			wantEncoding(t, c.Encodings[0], abi.AppendManifest([]byte("before"), want))
			for _, b := range c.Encodings {
				got, err := abi.DecodeManifest(b)
				if err != nil {
					t.Fatalf("decoding %x: %v", b, err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if err := got.Validate(); err != nil {
					t.Error(err)
				}
				for n := range b {
					if _, err := abi.DecodeManifest(b[:n]); !errors.As(err, new(*abi.FormatError)) {
						t.Errorf("%x, which is cut off: got error %v, want a *FormatError", b[:n], err)
					}
				}
			}
		})
}

func TestMalformedManifests(t *testing.T) {
	each(t, readVectors(t).MalformedManifests, func(c *malformed) string { return c.Name }, func(t *testing.T, c *malformed) {
		_, err := abi.DecodeManifest(c.Bytes)
		wantAt(t, err, c.At)
	})
}

func TestManifestsThatDeclareWhatTheyMustNot(t *testing.T) {
	for _, c := range readVectors(t).InvalidManifests {
		t.Run(c.Name, func(t *testing.T) {
			m, err := abi.DecodeManifest(c.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if got := manifestPaths(m.Validate()); !slices.Equal(got, c.Paths) {
				t.Errorf("complains about %q, want %q: %v", got, c.Paths, m.Validate())
			}
		})
	}
}

// What no message can hold, but a Manifest built in Go can.
func TestManifestsBuiltInGoAreCheckedAsWell(t *testing.T) {
	m := &abi.Manifest{Major: 1, Types: []abi.EntityType{{
		Name: "t", StateSchema: "\xff",
		Commands: []abi.CommandSpec{{Name: "c", Schema: "\xff", Reply: "\xff", Examples: [][]byte{{}}}},
		Events:   []abi.EventSpec{{Name: "e", Version: 1, Schema: "\xff"}},
	}}}
	want := []string{
		"types[0].state_schema", "types[0].commands[0].schema", "types[0].commands[0].reply",
		"types[0].commands[0].examples[0]", "types[0].events[0].schema",
	}
	if got := manifestPaths(m.Validate()); !slices.Equal(got, want) {
		t.Errorf("complains about %q, want %q", got, want)
	}
}

func TestManifestErrorsSayWhatToDo(t *testing.T) {
	types := func(name string) []abi.EntityType {
		return []abi.EntityType{{Name: name, Commands: []abi.CommandSpec{{Name: "c"}}}}
	}
	for _, c := range []struct {
		name     string
		manifest abi.Manifest
		want     string
	}{
		{"newer minor", abi.Manifest{Major: abi.Major, Minor: abi.Minor + 1, Types: types("t")}, "upgrade eshost"},
		{"another major", abi.Manifest{Major: abi.Major + 1, Types: types("t")}, "build the plugin with an SDK for ABI 1"},
		{"a type of eshost's own", abi.Manifest{Major: abi.Major, Types: types("_deployments")}, "types that begin with '_' are eshost's own"},
		{"an odd name", abi.Manifest{Major: abi.Major, Types: types("Counter")}, abi.NameRule},
	} {
		if err := c.manifest.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func manifestPaths(err error) (paths []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, one := range joined.Unwrap() {
		var m *abi.ManifestError
		if errors.As(one, &m) {
			paths = append(paths, m.Path)
		}
	}
	return paths
}

func TestManifestType(t *testing.T) {
	m := abi.Manifest{Types: []abi.EntityType{{Name: "a"}, {Name: "b"}}}
	if got := m.Type("b"); got != &m.Types[1] {
		t.Errorf("got %v, want the second type", got)
	}
	if got := m.Type("c"); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}

func TestLimitsThatAPluginSetsItself(t *testing.T) {
	plain := &abi.Manifest{Major: 1, SDK: "x", Types: []abi.EntityType{{Name: "t", Events: []abi.EventSpec{{Name: "e", Version: 1}}}}}
	limited := *plain
	limited.Limits = abi.OwnLimits{MemoryBytes: 1 << 20, Instances: 2, CommandFuel: math.MaxUint64, EventsPerCommand: 3, StateBytes: 4, PayloadBytes: 5}
	one := *plain
	one.Limits.StateBytes = 7
	for name, m := range map[string]*abi.Manifest{"none": plain, "one": &one, "all": &limited} {
		b := abi.AppendManifest(nil, m)
		got, err := abi.DecodeManifest(b)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if bytes.Contains(b, []byte("limits")) != (m != plain) {
			t.Errorf("%s: %q", name, b)
		}
	}
	b := abi.AppendManifest(nil, &one)
	for name, broken := range map[string][]byte{
		"a limit of 0":     append(bytes.Clone(b[:len(b)-1]), 0),
		"a negative limit": append(bytes.Clone(b[:len(b)-1]), 0xff),
		"a limit of nil":   append(bytes.Clone(b[:len(b)-1]), 0xc0),
	} {
		if _, err := abi.DecodeManifest(broken); err == nil || !strings.Contains(err.Error(), "state_bytes") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	unknown := bytes.Replace(b, []byte("state_bytes"), []byte("other_bytes"), 1)
	if got, err := abi.DecodeManifest(unknown); err != nil || !reflect.DeepEqual(got, plain) {
		t.Errorf("a limit nobody knows: %+v, %v", got, err)
	}
}
