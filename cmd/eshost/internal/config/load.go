package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// fromEnvironment begins the source of what the environment says.
const fromEnvironment = "environment "

// EnvPrefix begins the environment variables that are configuration.
const EnvPrefix = "ESHOST__"

// DefaultFile is read where no file is named, if it is there.
const DefaultFile = "eshost.yaml"

// Sources are where a configuration comes from.
type Sources struct {
	File  string            // must exist; empty: DefaultFile, which need not
	Env   []string          // "NAME=value", as os.Environ gives it
	Flags map[string]string // the flags that were given: key with dots, to text
	// FlagNames says how a flag is spelled, by key; for messages.
	FlagNames map[string]string
	// Stores are the URLs of stores that the command line names besides.
	Stores []string
}

// value is a configured value and where it came from.
type value struct {
	any
	source string
}

// Error lists all that is wrong with a configuration.
type Error struct{ Problems []string }

func (e *Error) Error() string {
	return "configuration: " + strings.Join(e.Problems, "; ")
}

// Load reads the configuration. What is wrong with it is an *Error.
func Load(s Sources) (*Config, error) {
	l := loader{known: known(), values: make(map[string]value)}
	for _, k := range l.known {
		if !strings.Contains(k.key, "*") {
			l.values[k.key] = value{k.def, SourceDefault}
		}
	}
	l.file(s.File)
	l.env(s.Env)
	for _, key := range slices.Sorted(maps.Keys(s.Flags)) {
		l.text(strings.ReplaceAll(key, ".", slash), s.Flags[key], "flag "+s.FlagNames[key])
	}
	if len(l.problems) > 0 {
		return nil, &Error{l.problems}
	}
	c, err := l.decode()
	if err != nil {
		return nil, err
	}
	if problems := c.check(s.Stores); len(problems) > 0 {
		return nil, &Error{problems}
	}
	return c, nil
}

type loader struct {
	known    []setting
	values   map[string]value
	problems []string
}

func (l *loader) problem(format string, a ...any) {
	l.problems = append(l.problems, fmt.Sprintf(format, a...))
}

// file reads the YAML file.
func (l *loader) file(name string) {
	optional := name == ""
	if optional {
		name = DefaultFile
	}
	text, err := os.ReadFile(name)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.problem("cannot read the file: %v", err)
		return
	}
	tree, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		l.problem("%s is not YAML of keys and values: %v", name, err)
		return
	}
	k := koanf.New(slash)
	if err := k.Load(confmap.Provider(tree, ""), nil); err != nil {
		l.problem("%s: %v", name, err)
		return
	}
	for _, key := range k.Keys() {
		v := k.Get(key)
		if _, ok := find(l.known, key); !ok {
			if m, empty := v.(map[string]any); (v == nil || empty && len(m) == 0) && l.section(key) {
				continue // a section whose lines are all comments
			}
			l.unknown(name, dots(key), key, dots)
			continue
		}
		if v == nil {
			l.problem("%s: %s has no value", name, dots(key))
			continue
		}
		l.values[key] = value{v, "file " + name}
	}
}

// section reports whether keys begin with this one.
func (l *loader) section(key string) bool {
	return slices.ContainsFunc(l.known, func(s setting) bool { return strings.HasPrefix(s.key, key+slash) })
}

// env takes the variables that begin with the prefix.
func (l *loader) env(all []string) {
	for _, variable := range slices.Sorted(slices.Values(all)) {
		name, text, _ := strings.Cut(variable, "=")
		rest, ok := strings.CutPrefix(name, EnvPrefix)
		if !ok {
			continue
		}
		key := strings.ToLower(strings.ReplaceAll(rest, "__", slash))
		if _, ok := find(l.known, key); !ok {
			l.unknown("environment", name, key, variableOf)
			continue
		}
		l.text(key, text, fromEnvironment+name)
	}
}

// unknown notes a key that nobody knows.
func (l *loader) unknown(source, name, key string, spell func(string) string) {
	hint := "`eshost config` lists the keys"
	if best := closest(l.known, key); best != "" {
		hint = "is " + spell(best) + " meant?"
	}
	l.problem("%s: unknown key %s (%s)", source, name, hint)
}

// text takes a value that is written as text.
func (l *loader) text(key, text, source string) {
	s, _ := find(l.known, key)
	v, err := parse(s, text)
	if err != nil {
		l.problem("%s: %v", source, err)
		return
	}
	l.values[key] = value{v, source}
}

func dots(key string) string { return strings.ReplaceAll(key, slash, ".") }

func variableOf(key string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, slash, "__"))
}

// decode makes the Config, one value at a time so that an error can name its source.
func (l *loader) decode() (*Config, error) {
	c := &Config{values: l.values}
	k := koanf.New(slash)
	for key, v := range l.values {
		s, _ := find(l.known, key)
		into := reflect.New(s.kind)
		if err := decode(v.any, into.Interface()); err != nil {
			l.problem("%s: %s: %v", v.source, dots(key), err)
		}
		if err := k.Set(key, v.any); err != nil {
			l.problem("%s: %s: %v", v.source, dots(key), err)
		}
	}
	if len(l.problems) > 0 {
		slices.Sort(l.problems)
		return nil, &Error{l.problems}
	}
	if err := decode(k.Raw(), c); err != nil {
		return nil, &Error{[]string{err.Error()}}
	}
	return c, nil
}

func decode(from, into any) error {
	d, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		TagName: "koanf", Result: into, ErrorUnused: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), noFractions),
	})
	if err != nil {
		return err
	}
	return d.Decode(from)
}

// noFractions refuses a number with a fraction where an integer is wanted, and a bare number as a duration.
func noFractions(from, to reflect.Type, v any) (any, error) {
	if to == reflect.TypeFor[time.Duration]() && from != to && from.Kind() != reflect.String {
		return nil, fmt.Errorf("%v is not a duration such as 1m30s", v)
	}
	if f, ok := v.(float64); ok && to.Kind() >= reflect.Int && to.Kind() <= reflect.Uint64 {
		return nil, fmt.Errorf("%v is not an integer", f)
	}
	return v, nil
}
