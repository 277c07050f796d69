package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPlacesInSourcesAreSeenFromTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"p/counter.go", "p/src/lib.rs", "p/assembly/counter.ts", "p/counter.c"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for said, want := range map[string]string{
		"./counter.go:52:71: undefined: x":   "p/counter.go:52:71: undefined: x",
		"  --> src/lib.rs:10:5":              "  --> p/src/lib.rs:10:5",
		" in assembly/counter.ts(3,5)":       " in p/assembly/counter.ts(3,5)",
		"counter.c:10:5: error: no":          "p/counter.c:10:5: error: no",
		"/abs/counter.c:10:5: error: no":     "/abs/counter.c:10:5: error: no",
		"sdk/eshost.h:3:1: note: it is here": "sdk/eshost.h:3:1: note: it is here", // not a file of this folder
		"no place: counter.go":               "no place: counter.go",
	} {
		if got := fromHere("p", said); got != want {
			t.Errorf("%q became %q, want %q", said, got, want)
		}
	}
	t.Chdir("p")
	if got := fromHere(".", "./counter.go:1:2: no"); got != "counter.go:1:2: no" {
		t.Errorf("from the folder itself: %q", got)
	}
}
