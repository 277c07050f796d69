package build

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/mod/modfile"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

//go:embed readme.md.tmpl
var readme string

// ownTests is how each language runs a plugin's own tests.
var ownTests = map[string]string{"go": "go test", "rust": "cargo test", "assemblyscript": "npm test", "c": "make test"}

// ignored is what git is told to ignore.
var ignored = map[string]string{"go": "/build/\n/go.work\n/go.work.sum\n", "rust": "/build/\n/target/\n", "assemblyscript": "/build/\n/node_modules/\n", "c": "/build/\n"}

// Scaffold writes a new plugin for an entity type into a folder that is empty
// or not there, and returns the paths of what it wrote. It is the reference
// counter of the language under the type's name, to be changed, with the SDK in its folder sdk; in Go, its go.work
// lets editors and `go test` find the SDK. If that fails, nothing is left behind, and if the process is ended meanwhile, nothing
// under the folder's name.
func (b *Builder) Scaffold(dir, language, typ string) (paths []string, err error) {
	if !typeName.MatchString(typ) {
		return nil, fmt.Errorf("write a plugin for entity type %q: a type is [a-z][a-z0-9_.-]{0,63}; name another with --type", typ)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("write a plugin into %s: %w", dir, err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("write a plugin into %s: the folder is not empty", dir)
	}
	files, err := b.render(language, typ)
	if err == nil {
		paths, err = writeAll(dir, files)
	}
	if err != nil {
		return nil, fmt.Errorf("write a plugin into %s: %w", dir, err)
	}
	return paths, nil
}

// render makes the files of a new plugin.
func (b *Builder) render(language, typ string) ([]source, error) {
	kit, err := sdk.Open(language)
	if err != nil {
		return nil, err
	}
	var sources []source
	for _, f := range kit.Plugin {
		sources = append(sources, source{f.Name, string(f.Data)})
	}
	n := nameFor(typ, taken(language, sources))
	var files []source
	for _, s := range sources {
		s.text = strings.NewReplacer(
			"../../../guest-sdk/"+language, "sdk",
			"github.com/eshost/eshost/plugins/counter/go", "example.com/"+n.kebab(),
		).Replace(s.text)
		files = append(files, s.renamed(n))
	}
	if language == "go" {
		work, err := b.renderWorkspace(files)
		if err != nil {
			return nil, err
		}
		files = append(files, work)
	} else {
		for _, f := range kit.SDK {
			files = append(files, source{path.Join("sdk", f.Name), string(f.Data)})
		}
	}
	var text bytes.Buffer
	err = template.Must(template.New("readme").Parse(readme)).Execute(&text, map[string]any{
		"Type": typ, "Title": n.pascal(), "Tests": ownTests[language], "HasSDK": language != "go"})
	return append(files, source{"README.md", text.String()}, source{".gitignore", ignored[language]}), err
}

// renderWorkspace makes the go.work of a Go plugin, and unpacks the SDK that it names.
func (b *Builder) renderWorkspace(files []source) (source, error) {
	i := slices.IndexFunc(files, func(s source) bool { return s.name == "go.mod" })
	module, err := modfile.Parse("go.mod", []byte(files[i].text), nil)
	if err != nil {
		return source{}, err
	}
	text, err := b.workspaceText(".", module) // whatever the folder is called later
	return source{"go.work", string(text)}, err
}

// writeAll writes files into a folder that is empty or not there: all of them, or none.
func writeAll(dir string, files []source) (paths []string, err error) {
	there := isFolder(dir)
	beside := filepath.Dir(absolute(dir))
	if there {
		beside = dir // it may be where somebody works, and stays
	}
	made, err := makeFolders(beside)
	defer func() {
		if err == nil {
			return
		}
		for _, name := range slices.Backward(made) {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	if err != nil {
		return nil, err
	}
	// A path that is no shorter than the one in the end: what can be written here can be read there.
	temp, err := os.MkdirTemp(beside, ".eshost-"+filepath.Base(absolute(dir))+"-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	for _, f := range files {
		name := filepath.Join(temp, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, []byte(f.text), 0o644); err != nil {
			return nil, err
		}
		paths = append(paths, filepath.Join(dir, filepath.FromSlash(f.name)))
	}
	if there {
		return paths, moveAll(temp, dir)
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return nil, err
	}
	return paths, os.Rename(temp, dir)
}

// moveAll moves what is in a folder into another one on the same disk: all of it, or nothing.
func moveAll(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for i, e := range entries {
		target := filepath.Join(to, e.Name())
		if err := os.Rename(filepath.Join(from, e.Name()), target); err != nil {
			for _, moved := range entries[:i] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(to, moved.Name())))
			}
			return err
		}
	}
	return nil
}

// makeFolders is os.MkdirAll that tells which folders it made, the outermost first, also when it fails.
func makeFolders(dir string) (made []string, err error) {
	if err := os.Mkdir(dir, 0o755); err == nil {
		return []string{dir}, nil
	} else if isFolder(dir) {
		return nil, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if made, err = makeFolders(filepath.Dir(dir)); err != nil {
		return made, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return made, err
	}
	return append(made, dir), nil
}
