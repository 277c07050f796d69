package sdk_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

// files returns what a folder holds, by slashed path.
func files(t *testing.T, dir string, wanted func(name string) bool) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !wanted(d.Name()) {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheSDKThatIsCarriedIsTheOneInTheRepository(t *testing.T) {
	dir, err := sdk.Unpack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	got := files(t, dir, func(string) bool { return true })
	want := files(t, "../../../../guest-sdk/go", func(name string) bool {
		return name == "go.mod" || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
	})
	if len(want) < 20 {
		t.Fatalf("the SDK has only %d files", len(want))
	}
	for name, text := range want {
		if !bytes.Equal(got[name], text) {
			t.Errorf("%s differs: run go generate in cmd/eshost/internal/sdk", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is not in the SDK: run go generate in cmd/eshost/internal/sdk", name)
		}
	}
}

func TestManyMayUnpackAtOnce(t *testing.T) {
	cache := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := sdk.Unpack(cache)
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
