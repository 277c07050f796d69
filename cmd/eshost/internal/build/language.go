package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// language is a language that plugins are written in.
type language struct {
	name    string
	sign    string // what tells a folder of it, for people
	signed  func(dir string) bool
	compile func(b *Builder, ctx context.Context, dir string) ([]byte, error)
}

// languages are looked for in this order. C comes last, as others have a C file in between, too.
var languages = []language{
	{"rust", "Cargo.toml", holds("Cargo.toml"), (*Builder).compileRust},
	{"assemblyscript", "package.json with assemblyscript in it", usesAssemblyScript, (*Builder).compileAssemblyScript},
	{"go", "*.go", holds("*.go"), (*Builder).compileGo},
	{"c", "*.c, *.cc or *.cpp", holds(cSources...), (*Builder).compileC},
}

// detect tells which language the sources in a folder are written in.
func detect(dir string) (*language, error) {
	var signs []string
	for i := range languages {
		l := &languages[i]
		if l.signed(dir) {
			return l, nil
		}
		signs = append(signs, fmt.Sprintf("%s (%s)", l.sign, l.name))
	}
	return nil, fmt.Errorf("plugin %s: the folder holds no sources of a language that eshost builds; it would have %s. `eshost plugin new` writes a plugin to begin with",
		dir, strings.Join(signs, ", or "))
}

// holds reports whether a folder has a file of one of the patterns.
func holds(patterns ...string) func(dir string) bool {
	return func(dir string) bool { return len(matching(dir, patterns)) > 0 }
}

// matching are the names of the files in a folder that match one of the patterns.
func matching(dir string, patterns []string) (names []string) {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(filepath.Join(escaped(dir), pattern)) // the patterns are good
		for _, path := range found {
			names = append(names, filepath.Base(path))
		}
	}
	return names
}

// escaped is a path as a pattern that matches it alone.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// usesAssemblyScript reports whether the npm package in a folder is built with AssemblyScript.
func usesAssemblyScript(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return false
	}
	var p struct{ Dependencies, DevDependencies map[string]string }
	if json.Unmarshal(text, &p) != nil {
		return false
	}
	_, needed := p.Dependencies["assemblyscript"]
	_, forBuilding := p.DevDependencies["assemblyscript"]
	return needed || forBuilding
}
