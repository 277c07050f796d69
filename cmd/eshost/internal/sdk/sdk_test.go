package sdk_test

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
	"github.com/eshost/eshost/cmd/eshost/internal/sdk/pack"
)

const repository = "../../../.."

func open(t *testing.T, language string) *sdk.Kit {
	t.Helper()
	kit, err := sdk.Open(language)
	if err != nil {
		t.Fatal(err)
	}
	return kit
}

func TestWhatIsCarriedIsWhatTheRepositoryHas(t *testing.T) {
	for _, language := range sdk.Languages {
		want, err := pack.Archive(repository, language)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(language + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s.txtar is not what guest-sdk/%s and plugins/counter/%s hold: run go generate in cmd/eshost/internal/sdk", language, language, language)
		}
	}
}

// Each file that is carried is one of the repository, byte for byte, and those that must be there are.
func TestWhatIsCarriedIsWhole(t *testing.T) {
	for language, must := range map[string]struct{ sdk, plugin []string }{
		"go":             {[]string{"LICENSE", "go.mod", "define.go", "eshosttest/scenario.go", "internal/codec/codec.go"}, []string{"go.mod", "main.go", "counter.go", "counter_test.go"}},
		"rust":           {[]string{"Cargo.toml", "src/lib.rs", "README.md"}, []string{"Cargo.toml", "src/lib.rs"}},
		"assemblyscript": {[]string{"package.json", "asconfig.json", "index.ts", "transform/index.js", "README.md"}, []string{"package.json", "asconfig.json", "assembly/counter.ts"}},
		"c":              {[]string{"eshost.h", "README.md"}, []string{"counter.c", "compile_flags.txt"}},
	} {
		t.Run(language, func(t *testing.T) {
			kit := open(t, language)
			for _, f := range kit.SDK {
				switch f.Name {
				case "LICENSE":
					same(t, f, "")
				case "package.json":
					for _, not := range []string{"devDependencies", "eslint", "scripts"} {
						if strings.Contains(string(f.Data), not) {
							t.Errorf("%s has %s, which is not for users", f.Name, not)
						}
					}
				default:
					same(t, f, "guest-sdk/"+language)
				}
			}
			for _, f := range kit.Plugin {
				if path.Dir(f.Name) == "scenarios" {
					same(t, f, "plugins/counter")
				} else {
					same(t, f, "plugins/counter/"+language)
				}
			}
			has(t, kit.SDK, must.sdk)
			has(t, kit.Plugin, append(must.plugin, "scenarios/counter.yaml"))
		})
	}
}

func same(t *testing.T, f sdk.File, folder string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(repository, folder, filepath.FromSlash(f.Name)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Data, want) {
		t.Errorf("%s is not as it is in %s", f.Name, folder)
	}
}

func has(t *testing.T, files []sdk.File, names []string) {
	t.Helper()
	for _, name := range names {
		if !slices.ContainsFunc(files, func(f sdk.File) bool { return f.Name == name }) {
			t.Errorf("%s is not carried", name)
		}
	}
}

// A new plugin has the SDK in its folder; that can be said in one place.
func TestACounterNamesTheFolderOfItsSDKOnce(t *testing.T) {
	for language, want := range map[string]int{"go": 0, "rust": 1, "assemblyscript": 1, "c": 1} {
		n := 0
		for _, f := range open(t, language).Plugin {
			n += len(regexp.MustCompile(`\.\./guest-sdk/`).FindAll(f.Data, -1))
		}
		if n != want {
			t.Errorf("the counter in %s names the folder of its SDK %d times, want %d", language, n, want)
		}
	}
}

func TestThereIsNoOtherLanguage(t *testing.T) {
	if _, err := sdk.Open("cobol"); err == nil {
		t.Error("there is an SDK for cobol")
	}
}

func TestManyMayUnpackAtOnce(t *testing.T) {
	cache := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := sdk.UnpackGo(cache)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(dir, "internal", "codec", "codec.go")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 1 {
		t.Errorf("the cache holds %v, %v; want one folder", entries, err)
	}
}
