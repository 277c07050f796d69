package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a file of scenarios.
type File struct {
	Path      string
	Type      string // empty: the plugin's only one
	Scenarios []Scenario

	typeLine int
}

// Scenario is a part of an entity's life.
type Scenario struct {
	Name string
	Line int

	id    string
	now   int64
	given []event
	steps []step
}

// event is an event as a file names it.
type event struct {
	line    int
	name    string
	version uint32 // 0: the newest
	payload *value // nil: none
	named   bool   // by its name alone
}

// step is a command and what must come of it.
type step struct {
	line    int
	now     int64
	timed   bool     // now is its own, not that of the step before
	command *command // nil: only the state is looked at
	then    expectation
}

type command struct {
	name    string
	payload *value // nil: none
}

func (c *command) String() string {
	if c.payload == nil {
		return c.name
	}
	return c.name + " " + cut(c.payload.String(), maxCommandBytes)
}

// expectation is what must come of a step; what is nil is not checked.
type expectation struct {
	line     int
	events   *[]event
	reply    *expected
	state    *expected
	rejected *refusal
	fault    *refusal
}

// expected is a value, or that there is none.
type expected struct {
	line  int
	value *value // nil: there must be none
}

// refusal is a rejection or a fault.
type refusal struct {
	line    int
	name    string // the code, or the kind
	payload *expected
	message string // a part of a fault's message
}

// ParseError lists what is wrong with a file: one line for each, with the file's name and the line's number.
type ParseError struct{ Problems []string }

func (e *ParseError) Error() string { return strings.Join(e.Problems, "\n") }

// Find gives the scenario files at the paths: those named, and all .yaml and .yml files of the folders named, sorted.
func Find(paths []string) ([]string, error) {
	var found []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("scenarios %s: there is no such file or folder", path)
		}
		if err != nil {
			return nil, fmt.Errorf("scenarios %s: %w", path, err)
		}
		if !info.IsDir() {
			found = append(found, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("scenarios %s: %w", path, err)
		}
		before := len(found)
		for _, entry := range entries {
			if ext := filepath.Ext(entry.Name()); !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, ext) {
				found = append(found, filepath.Join(path, entry.Name()))
			}
		}
		if len(found) == before {
			return nil, fmt.Errorf("scenarios %s: the folder holds no .yaml file", path)
		}
	}
	return found, nil
}

// Load reads scenario files. What is wrong with them is a *ParseError.
func Load(paths []string) ([]*File, error) {
	var files []*File
	var wrong ParseError
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("scenarios: %w", err)
		}
		f, err := Parse(path, text)
		if parse := (*ParseError)(nil); errors.As(err, &parse) {
			wrong.Problems = append(wrong.Problems, parse.Problems...)
		}
		files = append(files, f)
	}
	if len(wrong.Problems) > 0 {
		return nil, &wrong
	}
	return files, nil
}
