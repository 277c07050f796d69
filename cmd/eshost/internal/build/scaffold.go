package build

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

//go:embed templates
var templates embed.FS

var typeName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

// Scaffold writes a new Go plugin for an entity type into a folder that is
// empty or not there, and returns the files it wrote. It is the counter, to be
// changed. Its go.work, which git is told to ignore, lets editors and `go test` find the SDK.
func (b *Builder) Scaffold(dir, typ string) (files []string, err error) {
	if !typeName.MatchString(typ) {
		return nil, fmt.Errorf("write a plugin for entity type %q: a type is [a-z][a-z0-9_.-]{0,63}; name another with --type", typ)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("write a plugin into %s: the folder is not empty", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("write a plugin into %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write a plugin into %s: %w", dir, err)
	}
	write := func(name string, text []byte) error {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return fmt.Errorf("write a plugin into %s: %w", dir, err)
		}
		files = append(files, name)
		return nil
	}
	t, err := template.ParseFS(templates, "templates/*")
	if err != nil {
		return nil, err
	}
	file := strings.NewReplacer(".", "_", "-", "_").Replace(typ)
	for _, f := range []struct{ name, template string }{
		{"go.mod", "go.mod.tmpl"}, {file + ".go", "counter.go.tmpl"}, {file + "_test.go", "counter_test.go.tmpl"}, {"main.go", "main.go.tmpl"},
	} {
		var text bytes.Buffer
		if err := t.ExecuteTemplate(&text, f.template, struct{ Type, Name, SDK, Module string }{typ, exported(typ), sdk.Module, "example.com/" + typ}); err != nil {
			return files, err
		}
		if err := write(f.name, text.Bytes()); err != nil {
			return files, err
		}
	}
	work, err := b.workspace(dir)
	if err != nil {
		return files, err
	}
	text, err := os.ReadFile(work)
	if err != nil {
		return files, err
	}
	if err := write("go.work", text); err != nil {
		return files, err
	}
	return files, write(".gitignore", []byte("go.work\n*.wasm\n"))
}

// exported makes an exported Go name of a type's: my-type becomes MyType.
func exported(typ string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(typ, func(r rune) bool { return r == '-' || r == '.' || r == '_' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
