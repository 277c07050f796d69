package abi

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// ManifestError says what a manifest declares that it must not.
type ManifestError struct {
	Path string // where, such as types[0].commands[2].name
	What string // what is wrong there and what would be right, in words
}

// Error gives Path and What.
func (e *ManifestError) Error() string { return "manifest: " + e.Path + ": " + e.What }

// Validate returns nil if this version of the ABI can serve what m declares.
// Otherwise it returns all that is wrong: [*ManifestError]s, joined.
func (m *Manifest) Validate() error {
	var v validator
	switch {
	case m.Major != Major:
		v.add("abi", "the plugin speaks ABI %d.%d, this eshost speaks %d.%d: build the plugin with an SDK for ABI %d",
			m.Major, m.Minor, Major, Minor, Major)
	case m.Minor > Minor:
		v.add("abi", "the plugin speaks ABI %d.%d, this eshost only %d.%d: upgrade eshost, or build the plugin with an older SDK",
			m.Major, m.Minor, Major, Minor)
	}
	if len(m.Types) == 0 {
		v.add("types", "is empty, a plugin serves at least one type")
	}
	names := make(map[string]bool)
	for i := range m.Types {
		t, path := &m.Types[i], fmt.Sprintf("types[%d]", i)
		switch {
		case len(t.Name) > 0 && t.Name[0] == '_':
			v.add(path+".type", "%q: types that begin with '_' are eshost's own", t.Name)
		default:
			v.name(path+".type", t.Name)
		}
		v.once(path+".type", names, t.Name)
		v.text(path+".state_schema", t.StateSchema)
		if len(t.Commands) == 0 && len(t.Events) == 0 {
			v.add(path, "%q has neither commands nor events", t.Name)
		}
		v.commands(path, t.Commands)
		v.events(path, t.Events)
	}
	return errors.Join(v.all...)
}

type validator struct{ all []error }

func (v *validator) add(path, format string, args ...any) {
	v.all = append(v.all, &ManifestError{Path: path, What: fmt.Sprintf(format, args...)})
}

func (v *validator) name(path, name string) {
	if !ValidName(name) {
		v.add(path, "%q is not a name: %s", name, NameRule)
	}
}

func (v *validator) text(path, text string) {
	if !utf8.ValidString(text) {
		v.add(path, "is not UTF-8")
	}
}

func (v *validator) once(path string, seen map[string]bool, what string) {
	if seen[what] {
		v.add(path, "%q comes twice", what)
	}
	seen[what] = true
}

func (v *validator) commands(path string, commands []CommandSpec) {
	seen := make(map[string]bool)
	for i := range commands {
		c, path := &commands[i], fmt.Sprintf("%s.commands[%d]", path, i)
		v.name(path+".name", c.Name)
		v.once(path+".name", seen, c.Name)
		v.text(path+".schema", c.Schema)
		v.text(path+".reply", c.Reply)
		codes := make(map[string]bool)
		for j, code := range c.Rejections {
			path := fmt.Sprintf("%s.rejections[%d]", path, j)
			if !ValidCode(code) {
				v.add(path, "%q is not a code: %s", code, CodeRule)
			}
			v.once(path, codes, code)
		}
		for j, payload := range c.Examples {
			if at, what := checkPayload(payload); what != "" {
				v.add(fmt.Sprintf("%s.examples[%d]", path, j), "%s (at byte %d)", what, at)
			}
		}
	}
}

func (v *validator) events(path string, events []EventSpec) {
	seen := make(map[string]bool)
	for i, e := range events {
		path := fmt.Sprintf("%s.events[%d]", path, i)
		v.name(path+".name", e.Name)
		if e.Version == 0 {
			v.add(path+".version", "0, versions begin at 1")
		}
		v.once(path, seen, fmt.Sprintf("%s version %d", e.Name, e.Version))
	}
	for i, e := range events {
		v.text(fmt.Sprintf("%s.events[%d].schema", path, i), e.Schema)
	}
}
