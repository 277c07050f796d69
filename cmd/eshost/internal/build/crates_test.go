package build_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

func TestCratesThatCannotBeHadAreNoFaultOfTheSource(t *testing.T) {
	t.Setenv("CARGO_HOME", t.TempDir())
	t.Setenv("CARGO_NET_OFFLINE", "true")
	dir := t.TempDir()
	put(t, dir, map[string]string{"Cargo.toml": strings.Replace(crate, "[lib]", "[dependencies]\nitoa = \"1\"\n[lib]", 1), "src/lib.rs": ""})
	fetching := ""
	b := build.New(&build.Options{CacheDir: t.TempDir(), Fetching: func(what string) { fetching += what }})
	_, err := b.Build(t.Context(), dir)
	var compile *build.CompileError
	if err == nil || errors.As(err, &compile) || !strings.Contains(err.Error(), "fetch the crates that it needs, which takes a network: cargo fetch: exit status 101\n") || !strings.Contains(err.Error(), "itoa") {
		t.Errorf("error %v, want one about the network", err)
	}
	if fetching != "the crates that "+dir+" needs, once" {
		t.Errorf("told that it fetches %q", fetching)
	}
}

// Cargo calls what it builds by the crate's name, wherever the crate is.
func TestCratesOfOneNameDoNotTakeEachOthersOutput(t *testing.T) {
	t.Setenv("CARGO_TARGET_DIR", t.TempDir())
	b := builder(t)
	one, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	for dir, name := range map[string]string{one: "from_one", other: "from_other"} {
		put(t, dir, map[string]string{"Cargo.toml": crate, "src/lib.rs": "#[unsafe(no_mangle)]\npub extern \"C\" fn " + name + "() -> u32 { 1 }\n"})
	}
	check := func(dir, name string) {
		if p, err := b.Build(t.Context(), dir); err != nil || !bytes.Contains(p.Wasm, []byte(name)) {
			t.Errorf("%s: built %d bytes without %s, %v", dir, len(p.Wasm), name, err)
		}
	}
	for range 2 {
		check(one, "from_one")
		check(other, "from_other")
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { check(one, "from_one") })
		wg.Go(func() { check(other, "from_other") })
	}
	wg.Wait()
	if err := os.RemoveAll(one); err != nil {
		t.Fatal(err)
	}
	check(other, "from_other") // which takes over
}
