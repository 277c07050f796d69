package config

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// redacted stands where a secret is set.
const redacted = "(redacted)"

// SourceDefault is the source of what nobody said.
const SourceDefault = "default"

// Source says where a key's value comes from; "" for a key that has none.
func (c *Config) Source(key string) string {
	return c.values[strings.ReplaceAll(key, ".", slash)].source
}

// Entry is one effective value.
type Entry struct {
	Key    string `json:"key"`
	Value  any    `json:"value"` // durations as text; secrets redacted
	Source string `json:"source"`
}

// Entries returns the effective values, sorted by key. Secrets are redacted.
func (c *Config) Entries() []Entry {
	all := known()
	var entries []Entry
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		v := c.values[key]
		s, _ := find(all, key)
		e := Entry{Key: dots(key), Value: s.redact(v.any), Source: v.source}
		if d, ok := e.Value.(time.Duration); ok {
			e.Value = d.String()
		}
		entries = append(entries, e)
	}
	return entries
}

// YAML returns the effective configuration in the form of a configuration
// file, each line with its source in a comment. Secrets are redacted.
func (c *Config) YAML() ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		at := root
		parts := strings.Split(key, slash)
		for _, section := range parts[:len(parts)-1] {
			at = child(at, section)
		}
		at.Content = append(at.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: parts[len(parts)-1]}, c.node(key))
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

func (c *Config) node(key string) *yaml.Node {
	s, _ := find(known(), key)
	v := s.redact(c.values[key].any)
	n := &yaml.Node{}
	_ = n.Encode(v) // scalars and lists of them always can be
	if n.Kind == yaml.SequenceNode {
		n.Style = yaml.FlowStyle
	}
	n.LineComment = c.values[key].source
	if meant := c.meant(dots(key)); meant != "" {
		n.LineComment += ", which means " + meant
	}
	return n
}

// meant is what a zero stands for; "" where it stands for itself.
func (c *Config) meant(key string) string {
	switch {
	case key == "host.workers" && c.Host.Workers == 0:
		return "one a core"
	case key == "host.command_ids" && c.Host.CommandIDs == 0:
		return strconv.Itoa(max(1024, 4*c.Host.MailboxSize))
	}
	return ""
}

// child returns the section of a mapping, made if it is not there.
func child(at *yaml.Node, section string) *yaml.Node {
	for i := 0; i < len(at.Content); i += 2 {
		if at.Content[i].Value == section {
			return at.Content[i+1]
		}
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	at.Content = append(at.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: section}, n)
	return n
}
