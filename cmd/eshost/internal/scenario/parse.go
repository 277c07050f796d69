package scenario

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/eshost/eshost/abi"
)

const (
	usualID  = "test"
	usualNow = 1767225600000 // 2026-01-01T00:00:00Z
)

// Parse reads a file of scenarios; path is only for messages. Its error is a *ParseError.
func Parse(path string, text []byte) (*File, error) {
	p := &parser{path: path}
	f := &File{Path: path}
	p.file(f, text)
	if err := p.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// parser reads files and collects all that is wrong with them.
type parser struct {
	path     string
	problems []problem
}

type problem struct {
	path string
	line int
	what string
}

func (p *parser) fail(line int, format string, a ...any) {
	found := problem{p.path, line, fmt.Sprintf(format, a...)}
	if !slices.Contains(p.problems, found) {
		p.problems = append(p.problems, found)
	}
}

// err gives what is wrong in the order of the lines, or nil.
func (p *parser) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(p.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	var err ParseError
	for _, found := range p.problems {
		err.Problems = append(err.Problems, fmt.Sprintf("%s:%d: %s", found.path, found.line, found.what))
	}
	return &err
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

func (p *parser) file(f *File, text []byte) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document, further yaml.Node
	if err := decoder.Decode(&document); err != nil {
		line, what := 1, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
			what = m[2]
		}
		if what == "EOF" {
			what = "the file is empty"
		}
		p.fail(line, "not YAML: %s", what)
		return
	}
	if decoder.Decode(&further) == nil {
		p.fail(further.Line, "a second document; one file is one document")
	}
	p.entries(document.Content[0], "a file of scenarios", map[string]func(*yaml.Node){
		"type":      func(n *yaml.Node) { f.Type, f.typeLine = p.text(n, "type"), n.Line },
		"values":    func(*yaml.Node) {},
		"scenarios": func(n *yaml.Node) { p.scenarios(f, n) },
	})
	if len(f.Scenarios) == 0 && len(p.problems) == 0 {
		p.fail(document.Content[0].Line, "no scenarios")
	}
}

// follow gives what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// entries reads a map of known keys, in the order of the file.
func (p *parser) entries(n *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		p.fail(n.Line, "%s is a map, not %s", what, describe(n))
		return
	}
	seen := make(map[string]bool)
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		read, ok := known[key.Value]
		switch {
		case !ok || key.Kind != yaml.ScalarNode:
			p.fail(key.Line, "unknown key %q; %s has %s", key.Value, what, list(known))
		case seen[key.Value]:
			p.fail(key.Line, "key %q comes twice", key.Value)
		default:
			seen[key.Value] = true
			read(n.Content[i+1])
		}
	}
}

func list[T any](known map[string]T) string {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// describe names what a node is.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!null":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// each reads a list.
func (p *parser) each(n *yaml.Node, what string, read func(*yaml.Node)) {
	n = follow(n)
	if n.Kind != yaml.SequenceNode {
		p.fail(n.Line, "%s is a list, not %s", what, describe(n))
		return
	}
	for _, element := range n.Content {
		read(element)
	}
}

// text reads a text that is not empty.
func (p *parser) text(n *yaml.Node, what string) string {
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.Value == "" || n.ShortTag() == "!!null" {
		p.fail(n.Line, "%s is a text, not %s", what, describe(n))
		return ""
	}
	return n.Value
}

func (p *parser) scenarios(f *File, n *yaml.Node) {
	names := make(map[string]int)
	p.each(n, "scenarios", func(n *yaml.Node) {
		s := p.scenario(n)
		if line, ok := names[s.Name]; ok && s.Name != "" {
			p.fail(s.Line, "a scenario named %q is there already, on line %d", s.Name, line)
		}
		names[s.Name] = s.Line
		f.Scenarios = append(f.Scenarios, s)
	})
}

func (p *parser) scenario(n *yaml.Node) Scenario {
	s := Scenario{Line: n.Line, id: usualID, now: usualNow}
	var only step
	steps, single, before := 0, false, len(p.problems)
	alone := func(read func(*step, *yaml.Node)) func(*yaml.Node) {
		return func(n *yaml.Node) {
			if !single {
				single, only.line = true, n.Line
			}
			read(&only, n)
		}
	}
	p.entries(n, "a scenario", map[string]func(*yaml.Node){
		"name":  func(n *yaml.Node) { s.Name = p.text(n, "name") },
		"id":    func(n *yaml.Node) { s.id = p.id(n) },
		"now":   func(n *yaml.Node) { s.now = p.now(n) },
		"given": func(n *yaml.Node) { s.given = p.events(n, "given") },
		"steps": func(n *yaml.Node) {
			steps = n.Line
			p.each(n, "steps", func(n *yaml.Node) { s.steps = append(s.steps, p.step(n)) })
		},
		"when": alone(p.when),
		"then": alone(p.then),
	})
	switch {
	case s.Name == "" && len(p.problems) == before:
		p.fail(n.Line, "a scenario without a name")
	case steps > 0 && single:
		p.fail(steps, "steps beside when and then; put them into a step of their own")
	case single:
		s.steps = []step{only}
	case len(s.steps) == 0 && len(p.problems) == before:
		p.fail(n.Line, "the scenario has neither steps nor when nor then")
	}
	now := s.now
	for i := range s.steps {
		switch step := &s.steps[i]; {
		case step.command == nil && (step.then.state == nil || step.then != expectation{line: step.then.line, state: step.then.state}):
			p.fail(step.line, "without a when there is only a state to look at: then: {state: ...}")
		case !step.timed:
			step.now = now
		case step.now < now:
			p.fail(step.line, "the time goes back, which it never does for an entity")
		}
		now = s.steps[i].now
	}
	return s
}

func (p *parser) step(n *yaml.Node) step {
	s := step{line: n.Line}
	p.entries(n, "a step", map[string]func(*yaml.Node){
		"now":  func(n *yaml.Node) { s.now, s.timed = p.now(n), true },
		"when": func(n *yaml.Node) { p.when(&s, n) },
		"then": func(n *yaml.Node) { p.then(&s, n) },
	})
	return s
}

func (p *parser) id(n *yaml.Node) string {
	id := p.text(n, "id")
	if id != "" && !abi.ValidID(id) {
		p.fail(n.Line, "id %q: an id is %s", id, abi.IDRule)
	}
	return id
}

// now reads a time: milliseconds since 1970, or a text as in RFC 3339.
func (p *parser) now(n *yaml.Node) int64 {
	text := p.text(n, "now")
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return millis
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		if text != "" {
			p.fail(n.Line, "now is a number of milliseconds since 1970, or like 2026-01-01T12:00:00Z, not %q", text)
		}
		return math.MaxInt64
	}
	return at.UnixMilli()
}

func (p *parser) when(s *step, n *yaml.Node) {
	name, payload, _ := p.entry(n, "a command", false)
	s.command = &command{name: name, payload: payload}
	if name != "" && !abi.ValidName(name) {
		p.fail(n.Line, "command %q: a name is %s", name, abi.NameRule)
	}
}
