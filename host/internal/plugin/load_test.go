package plugin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/plugin"
)

// newEngine returns an engine that is closed at the end of the test, when no
// instance may be left.
func newEngine(tb testing.TB, o *plugin.Options) *plugin.Engine {
	tb.Helper()
	e, err := plugin.NewEngine(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// A test that failed may have left an instance out.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			tb.Errorf("close the engine: %v", err)
		}
		if s := e.Stats(); s.Live != 0 || s.MemoryBytes != 0 {
			tb.Errorf("a closed engine has %d instances with %d bytes", s.Live, s.MemoryBytes)
		}
	})
	return e
}

func load(tb testing.TB, e *plugin.Engine, wasm []byte) *plugin.Plugin {
	tb.Helper()
	p, err := e.Load(context.Background(), wasm)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestLoadGivesManifestAndDigest(t *testing.T) {
	wasm := echo().bytes()
	p := load(t, newEngine(t, nil), wasm)
	if p.Digest() != sha256.Sum256(wasm) {
		t.Errorf("digest %x", p.Digest())
	}
	if m := p.Manifest(); m.SDK != "test" || m.Type("thing") == nil {
		t.Errorf("manifest %+v", m)
	}
}

func TestLoadRefuses(t *testing.T) {
	newerMinor, newerMajor, invalid := testManifest(), testManifest(), testManifest()
	newerMinor.Minor++
	newerMajor.Major++
	invalid.Types[0].Name = "Not A Name"
	invalid.Types[0].Events[0].Version = 0
	wasi := abi.ImportWASI
	section := func(id byte, content []byte) []byte {
		return code([]byte("\x00asm\x01\x00\x00\x00"), id, vec(content))
	}
	cases := map[string]struct {
		wasm []byte
		want []string // each in a problem of its own, in this order
	}{
		"an empty file":                 {nil, []string{"empty"}},
		"a text":                        {[]byte("hello, world"), []string{"not WebAssembly"}},
		"the text format":               {[]byte(" (module)"), []string{"wat2wasm"}},
		"a header that is cut off":      {[]byte("\x00asm\x01"), []string{"cut off after 5 bytes"}},
		"a component":                   {[]byte("\x00asm\x0d\x00\x01\x00"), []string{"component"}},
		"an unknown version":            {[]byte("\x00asm\x02\x00\x00\x00"), []string{"version 2"}},
		"a file over the limit":         {append(echo().bytes(), make([]byte, 1<<20)...), []string{"limit is 65536"}},
		"a module that is cut off":      {echo().bytes()[:60], []string{"ends too early"}},
		"a body that is not valid":      {echo().with(abi.ExportHandleEvent, i32const(1)).bytes(), []string{"does not compile"}},
		"an unknown section":            {section(77, nil), []string{"section 77"}},
		"a billion types":               {section(1, leb(1<<30)), []string{"1073741824 types are announced"}},
		"a billion parameters":          {section(1, code(1, 0x60, leb(1<<30))), []string{"1073741824 parameters"}},
		"a billion imports":             {section(2, leb(1<<30)), []string{"1073741824 imports are announced"}},
		"a name of a gigabyte":          {section(2, code(1, leb(1<<30))), []string{"ends too early"}},
		"a billion functions":           {section(3, leb(1<<30)), []string{"1073741824 functions"}},
		"a billion functions with code": {section(10, leb(1<<30)), []string{"1073741824 functions"}},
		"a billion locals":              {section(10, code(1, vec(code(1, leb(1<<30), i32, opEnd)))), []string{"1073741824 locals"}},
		"a function of 16 MiB":          {section(10, code(1, leb(16<<20))), []string{"function of 16777216 bytes"}},
		"a billion elements":            {section(9, code(1, 1, 0, leb(1<<30))), []string{"1073741824 elements"}},
		"a billion tables":              {section(4, leb(1<<30)), []string{"1073741824 tables"}},
		"a table of a hundred million":  {(&guest{table: code(0x70, 0, leb(100_000_000))}).bytes(), []string{"table of 100000000 entries"}},
		"a data segment of a gigabyte":  {section(11, code(1, 1, leb(1<<30))), []string{"ends too early"}},
		"a type of garbage collection":  {section(1, code(1, 0x5f, 0)), []string{"0x5f"}},
		"an endless integer":            {section(1, bytes.Repeat([]byte{0xff}, 20)), []string{"more than 64 bits"}},
		"memory over the limit":         {func() []byte { g := echo(); g.memory = code(0, leb(5000)); return g.bytes() }(), []string{"5000 pages"}},
		"shared memory":                 {func() []byte { g := echo(); g.memory = code(3, 1, 2); return g.bytes() }(), []string{"does not compile"}},
		"missing exports, all of them":  {(&guest{}).bytes(), []string{"memory", "eshost_abi_v1 () -> ()", "alloc (i32) -> (i32)", "describe () -> (i64)", "handle_command (i32, i32) -> (i64)", "handle_event (i32, i32) -> (i64)"}},
		"one missing export":            {echo().without(abi.ExportHandleEvent).bytes(), []string{"missing export: function handle_event"}},
		"memory under another name":     {func() []byte { g := echo(); g.memoryName = "mem"; return g.bytes() }(), []string{"missing export: memory memory"}},
		"a program with _start": {func() []byte {
			g := echo()
			g.funcs[0].exports = append(g.funcs[0].exports, "_start")
			return g.bytes()
		}(), []string{"_start"}},
		"imports from nowhere, all": {echo().imported("env", "f", nil, nil).imported("a", "b", nil, nil).bytes(), []string{"function a.b", "function env.f"}},
		"a memory from nowhere": {func() []byte {
			g := echo()
			g.memory = nil
			g.rawImports = [][]byte{code(vec([]byte("env")), vec([]byte("memory")), 2, 0, 1)}
			return g.bytes()
		}(), []string{"memory env.memory"}},
		"a global from nowhere": {func() []byte {
			g := echo()
			g.rawImports = [][]byte{code(vec([]byte("env")), vec([]byte("g")), 3, i32, 0)}
			return g.bytes()
		}(), []string{"global env.g"}},
		"a table from nowhere": {func() []byte {
			g := echo()
			g.rawImports = [][]byte{code(vec([]byte("env")), vec([]byte("t")), 1, 0x70, 0, 1)}
			return g.bytes()
		}(), []string{"table env.t"}},
		"AssemblyScript's Date.now":    {echo().imported("env", "Date.now", nil, []byte{f64}).bytes(), []string{"function env.Date.now (AssemblyScript's Date: use context.nowMillis, "}},
		"AssemblyScript's Math.random": {echo().imported("env", "seed", nil, []byte{f64}).bytes(), []string{"function env.seed (AssemblyScript's Math.random: use context.random(), "}},
		"AssemblyScript's console":     {echo().imported("env", "console.log", []byte{i32}, nil).bytes(), []string{"function env.console.log (AssemblyScript's console: use context.log)"}},
		"AssemblyScript's abort":       {echo().imported("env", "abort", []byte{i32, i32, i32, i32}, nil).bytes(), []string{"--use abort="}},
		"opening files":                {echo().imported(wasi, "path_open", nil, nil).bytes(), []string{"no files"}},
		"a function as another kind": {func() []byte {
			g := echo()
			g.rawImports = [][]byte{code(vec([]byte(wasi)), vec([]byte("fd_write")), 3, i32, 0)}
			return g.bytes()
		}(), []string{"global wasi_snapshot_preview1.fd_write"}},
		"imports of another type, all": {echo().imported(wasi, "proc_exit", []byte{i64}, nil).imported(abi.ImportModule, "log", nil, nil).bytes(), []string{"eshost_v1.log has type () -> (), want (i32, i32, i32) -> ()", "proc_exit has type (i64) -> (), want (i32) -> ()"}},
		"a newer major version": {func() []byte {
			g := echo()
			g.funcs[0].exports = []string{"eshost_abi_v2"}
			g.imported("eshost_v2", "x", nil, nil)
			return g.bytes()
		}(), []string{"version 2 of the ABI (export eshost_abi_v2), this eshost speaks version 1: upgrade eshost"}},
		"an older major version":         {func() []byte { g := echo(); g.funcs[0].exports = []string{"eshost_abi_v0"}; return g.bytes() }(), []string{"build the plugin with a newer SDK"}},
		"a newer minor version":          {echo().describing(abi.AppendManifest(nil, newerMinor)).bytes(), []string{"upgrade eshost"}},
		"a manifest of a newer major":    {echo().describing(abi.AppendManifest(nil, newerMajor)).bytes(), []string{"build the plugin with an SDK for ABI 1"}},
		"a manifest that does not parse": {echo().describing([]byte{0xc1}).bytes(), []string{"manifest does not parse"}},
		"a manifest that is not valid":   {echo().describing(abi.AppendManifest(nil, invalid)).bytes(), []string{"Not A Name", "versions begin at 1"}},
		"a manifest outside of memory":   {echo().with(abi.ExportDescribe, i64const(memoryEnd<<32|1)).bytes(), []string{"describe failed: malformed answer: 1 bytes at 262144, memory ends at 262144"}},
		"an empty manifest":              {echo().with(abi.ExportDescribe, i64const(manifestAt<<32)).bytes(), []string{"it is empty"}},
		"a trap in describe":             {echo().with(abi.ExportDescribe, code(unreachable)).bytes(), []string{"describe failed: trapped: unreachable"}},
		"a trap in the start function":   {trapAtStart().bytes(), []string{"start failed: trapped"}},
		"a trap in _initialize":          {initializing(code(unreachable)).bytes(), []string{"_initialize failed: trapped: unreachable"}},
	}
	e := newEngine(t, &plugin.Options{MaxModuleBytes: 1 << 16})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := e.Load(context.Background(), c.wasm)
			var refused *plugin.LoadError
			if !errors.As(err, &refused) {
				t.Fatalf("loaded %v with error %v, want a LoadError", p, err)
			}
			if refused.Digest != sha256.Sum256(c.wasm) {
				t.Errorf("digest %x", refused.Digest)
			}
			if len(refused.Problems) != len(c.want) {
				t.Fatalf("problems %q, want %d", refused.Problems, len(c.want))
			}
			for i, want := range c.want {
				if got := refused.Problems[i]; !strings.Contains(got, want) || strings.Contains(got, "\n") {
					t.Errorf("problem %q, want one line with %q", got, want)
				}
				if !strings.Contains(err.Error(), refused.Problems[i]) {
					t.Errorf("error %q lacks problem %q", err, refused.Problems[i])
				}
			}
		})
	}
	if s := e.Stats(); s.Live != 0 {
		t.Errorf("%d instances of refused plugins are left", s.Live)
	}
}

// initializing is an echo that runs body once, as _initialize.
func initializing(body []byte) *guest {
	g := echo()
	g.globals = 1
	g.funcs = append(g.funcs, guestFunc{exports: []string{abi.ExportInitialize}, body: body})
	return g
}

func trapAtStart() *guest {
	g := echo()
	g.funcs = append(g.funcs, guestFunc{body: code(unreachable)})
	g.start = len(g.funcs)
	return g
}

func TestLoadTakesAModuleWhoseCustomSectionsAreBroken(t *testing.T) {
	g := echo()
	g.custom = map[string][]byte{
		"name":        code(1, vec(leb(1<<30))), // a billion names of functions
		".debug_info": {1, 2, 3},
	}
	load(t, newEngine(t, nil), g.bytes())
}

func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newEngine(t, nil).Load(ctx, echo().bytes()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestCompiledPluginsAreKeptInAPrivateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "plugins")
	for _, start := range []string{"first", "second"} {
		load(t, newEngine(t, &plugin.Options{CacheDir: dir}), echo().bytes())
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("mode %v at the %s start", info.Mode(), start)
		}
	}
	if n := len(cacheFiles(t, dir)); n != 1 {
		t.Errorf("%d files are kept of one plugin", n)
	}
}

func cacheFiles(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAFolderThatOthersCanEnterIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := plugin.NewEngine(context.Background(), &plugin.Options{CacheDir: dir}); err == nil || !strings.Contains(err.Error(), "chmod 700 "+dir) {
		t.Errorf("error %v, want a word on chmod", err)
	}
}

func TestABrokenKeptPluginIsCompiledAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plugins")
	load(t, newEngine(t, &plugin.Options{CacheDir: dir}), echo().bytes())
	for _, file := range cacheFiles(t, dir) {
		if err := os.WriteFile(file, []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load(t, newEngine(t, &plugin.Options{CacheDir: dir}), echo().bytes())
}

func TestAPluginIsServedWhereItCannotBeKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plugins")
	e := newEngine(t, &plugin.Options{CacheDir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	load(t, e, echo().bytes())
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]plugin.Options{
		"memory that cannot be addressed": {MemoryLimitPages: 1<<16 + 1},
		"a negative size":                 {MaxAnswerBytes: -1},
		"a negative timeout":              {CompileTimeout: -1},
		"negative fuel":                   {Fuel: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := plugin.NewEngine(context.Background(), &o); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestAPluginMayAskForLessAndNeverForMore(t *testing.T) {
	limited := func(l abi.OwnLimits) *guest {
		m := testManifest()
		m.Limits = l
		return echo().describing(abi.AppendManifest(nil, m))
	}
	// Grows page by page until it is refused, and answers with the size in pages.
	grow := code(0x03, 0x40, i32const(1), 0x40, 0, i32const(-1), 0x47, 0x0d, 0, opEnd)
	pages := func(g *guest, o *plugin.Options) uint32 {
		t.Helper()
		g.with(abi.ExportHandleCommand, code(grow, i32const(8), 0x3f, 0, 0x36, 2, 0, i64const(8<<32|4)))
		b, err := one(t, o, g).HandleCommand([]byte("abc"), plugin.Allowance{})
		if err != nil {
			t.Fatal(err)
		}
		return binary.LittleEndian.Uint32(b)
	}
	host := &plugin.Options{MemoryLimitPages: 20, MaxInstances: 3}
	if n := pages(limited(abi.OwnLimits{MemoryBytes: 10*65536 + 5}), host); n != 10 {
		t.Errorf("less memory: %d pages", n)
	}
	if n := pages(limited(abi.OwnLimits{MemoryBytes: 1 << 40}), host); n != 20 {
		t.Errorf("more memory: %d pages", n)
	}
	_, err := newEngine(t, host).Load(context.Background(), limited(abi.OwnLimits{MemoryBytes: 65536}).bytes())
	if err == nil || !strings.Contains(err.Error(), "its manifest limits the memory of an instance to 65536 bytes, and one has 262144 from the start") {
		t.Errorf("less memory than it has: error %v", err)
	}
	for own, want := range map[uint64]int{1: 1, 2: 2, 1000: 3} {
		p := load(t, newEngine(t, host), limited(abi.OwnLimits{Instances: own}).bytes())
		if err := p.Warm(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
		if n := p.Stats().Live; n != int64(want) {
			t.Errorf("%d instances where it asked for %d and may have 3", n, own)
		}
	}
}

func TestALoadThatIsGivenUpSaysNothingOfThePlugin(t *testing.T) {
	wasm := counter(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond) // compiling it takes several times as long
	defer cancel()
	_, err := newEngine(t, nil).Load(ctx, wasm)
	var refused *plugin.LoadError
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
}
