package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/abi"
)

// Load checks and compiles a plugin, starts a first instance and asks it for
// its manifest. wasm is not kept. ctx is looked at while Load waits for another
// Load, and between its steps.
//
// # Errors
//
//   - [*LoadError]: the plugin cannot be served; all reasons that were found
//   - [ErrClosed]
//   - ctx's error
func (e *Engine) Load(ctx context.Context, wasm []byte) (*Plugin, error) {
	select {
	case e.loading <- struct{}{}:
		defer func() { <-e.loading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p := &Plugin{engine: e, digest: sha256.Sum256(wasm), gone: make(chan struct{})}
	p.setName("plugin " + shortDigest(p.digest))
	if err := e.add(p); err != nil {
		return nil, err
	}
	if err := e.load(ctx, p, wasm); err != nil {
		if p.compiled == nil {
			e.remove(p)
		} else {
			p.Retire()
		}
		return nil, err
	}
	return p, nil
}

func (e *Engine) load(ctx context.Context, p *Plugin, wasm []byte) error {
	if problem := e.checkFile(wasm); problem != "" {
		return p.refuse(nil, problem)
	}
	clean, imports, err := scanModule(wasm)
	if err != nil {
		return p.refuse(err, "the .wasm file is broken or beyond a limit: "+err.Error())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.compiled, err = e.compile(ctx, p, clean); err != nil {
		problems := append(checkImports(imports), "it does not compile: "+oneLine(err))
		return p.refuse(err, problems...)
	}
	problems := checkExports(p.compiled)
	if !otherMajor(p.compiled) {
		// The imports of another major version are another matter.
		problems = append(problems, checkImports(imports)...)
		problems = append(problems, checkImportTypes(p.compiled)...)
	}
	if len(problems) > 0 {
		return p.refuse(nil, problems...)
	}
	return p.describe(ctx)
}

// describe starts the first instance and asks it for the manifest.
func (p *Plugin) describe(ctx context.Context) error {
	in, err := p.Acquire(ctx)
	if err != nil {
		return p.refuseCall(err)
	}
	defer p.Release(in)
	b, err := in.describe()
	if err != nil {
		return p.refuseCall(err)
	}
	manifest, err := abi.DecodeManifest(b)
	if err != nil {
		return p.refuse(err, "its manifest does not parse: "+err.Error())
	}
	if err := manifest.Validate(); err != nil {
		return p.refuse(err, strings.Split(err.Error(), "\n")...)
	}
	p.manifest = manifest
	names := make([]string, len(manifest.Types))
	for i := range manifest.Types {
		names[i] = manifest.Types[i].Name
	}
	p.setName("plugin " + shortDigest(p.digest) + " (" + strings.Join(names, ", ") + ")")
	return nil
}

func (p *Plugin) setName(name string) { p.name.Store(&name) }

func (p *Plugin) refuse(err error, problems ...string) error {
	return &LoadError{Digest: p.digest, Problems: problems, Err: err}
}

// refuseCall makes a LoadError of a guest call that failed.
func (p *Plugin) refuseCall(err error) error {
	var call *CallError
	if !errors.As(err, &call) {
		return err
	}
	problem := fmt.Sprintf("%s failed: %v", call.Func, call.Err)
	if call.Message != "" {
		problem += ": " + call.Message
	}
	return p.refuse(err, oneLine(errors.New(problem)))
}

// checkFile says what is wrong with a file that is no WebAssembly module at
// all.
func (e *Engine) checkFile(wasm []byte) string {
	const (
		coreVersion = "\x01\x00\x00\x00"
		layer       = 2 // 16 bits of the version and 16 bits of the layer
	)
	switch {
	case len(wasm) == 0:
		return "the file is empty"
	case len(wasm) > e.opts.MaxModuleBytes:
		return fmt.Sprintf("the file has %d bytes, the limit is %d: build without debug information (Go: -ldflags='-s -w'), or raise the limit",
			len(wasm), e.opts.MaxModuleBytes)
	case !bytes.HasPrefix(wasm, []byte("\x00asm")):
		text := "the file is not WebAssembly (it does not begin with \\0asm)"
		if bytes.HasPrefix(bytes.TrimSpace(wasm), []byte("(module")) {
			text += ": it is the text format, translate it with wat2wasm"
		}
		return text
	case len(wasm) < 8:
		return "the file is cut off after " + strconv.Itoa(len(wasm)) + " bytes"
	case string(wasm[4:8]) == coreVersion:
		return ""
	case wasm[4+layer] == 1:
		return "the file is a WebAssembly component: eshost runs core modules, build without the component model"
	}
	return fmt.Sprintf("the file is of WebAssembly version %d: eshost runs version 1", uint32(wasm[4])|uint32(wasm[5])<<8)
}

// compile compiles a module. The compiler is not trusted to survive every
// module.
func (e *Engine) compile(ctx context.Context, p *Plugin, wasm []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("the compiler failed: %v", r)
		}
	}()
	c, err = e.runtime.CompileModule(ctx, wasm)
	var file *fs.PathError
	if err != nil && e.opts.CacheDir != "" && errors.As(err, &file) {
		// The disk is full or the like. The code is compiled and in memory,
		// where the second try finds it.
		e.opts.Logger.Warn("compiled plugin not kept for the next start", "plugin", shortDigest(p.digest), "error", err)
		c, err = e.runtime.CompileModule(ctx, wasm)
	}
	if err != nil && strings.HasPrefix(err.Error(), "compilationcache: ") {
		e.opts.Logger.Warn("compiled plugins kept from an earlier start are broken and removed", "plugin", shortDigest(p.digest), "folder", e.opts.CacheDir, "error", err)
		e.forget()
		c, err = e.runtime.CompileModule(ctx, wasm)
	}
	return c, err
}

// forget removes all compiled plugins from the folder.
func (e *Engine) forget() {
	files, err := filepath.Glob(filepath.Join(e.opts.CacheDir, "wazero-*", "*"))
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	if err != nil {
		e.opts.Logger.Warn("compiled plugins not removed", "folder", e.opts.CacheDir, "error", err)
	}
}

// export is a function that a plugin has to have, or may.
type export struct {
	name     string
	params   []api.ValueType
	results  []api.ValueType
	optional bool
}

var exports = []export{
	{name: abi.ExportMarker},
	{name: abi.ExportAlloc, params: []api.ValueType{i32}, results: []api.ValueType{i32}},
	{name: abi.ExportDescribe, results: []api.ValueType{i64}},
	{name: abi.ExportHandleCommand, params: []api.ValueType{i32, i32}, results: []api.ValueType{i64}},
	{name: abi.ExportHandleEvent, params: []api.ValueType{i32, i32}, results: []api.ValueType{i64}},
	{name: abi.ExportInitialize, optional: true},
}

const markerPrefix = "eshost_abi_v"

// otherMajor reports whether a module is a plugin of other major versions of
// the ABI only.
func otherMajor(c wazero.CompiledModule) bool {
	funcs := c.ExportedFunctions()
	return funcs[abi.ExportMarker] == nil && len(majors(funcs)) > 0
}

// majors lists the major versions that a module has markers of.
func majors(funcs map[string]api.FunctionDefinition) (versions []uint64) {
	for name := range funcs {
		if digits, ok := strings.CutPrefix(name, markerPrefix); ok {
			if v, err := strconv.ParseUint(digits, 10, 32); err == nil {
				versions = append(versions, v)
			}
		}
	}
	slices.Sort(versions)
	return versions
}

// checkExports lists what is missing or wrong among the exports.
func checkExports(c wazero.CompiledModule) (problems []string) {
	funcs := c.ExportedFunctions()
	if otherMajor(c) {
		newest := slices.Max(majors(funcs))
		advice := "build the plugin with a newer SDK"
		if newest > abi.Major {
			advice = "upgrade eshost, or build the plugin with an older SDK"
		}
		return []string{fmt.Sprintf("it speaks version %d of the ABI (export %s%d), this eshost speaks version %d: %s",
			newest, markerPrefix, newest, abi.Major, advice)}
	}
	if funcs["_start"] != nil {
		problems = append(problems, "it exports _start, so it is a program that runs and ends: build it as a reactor (Go: -buildmode=c-shared; clang: -mexec-model=reactor or --no-entry)")
	}
	if c.ExportedMemories()[abi.ExportMemory] == nil {
		problems = append(problems, "missing export: memory "+abi.ExportMemory)
	}
	for _, want := range exports {
		got := funcs[want.name]
		switch {
		case got == nil && want.optional:
		case got == nil:
			problems = append(problems, fmt.Sprintf("missing export: function %s %s", want.name, signature(want.params, want.results)))
		case !slices.Equal(got.ParamTypes(), want.params) || !slices.Equal(got.ResultTypes(), want.results):
			problems = append(problems, fmt.Sprintf("export %s has type %s, want %s", want.name,
				signature(got.ParamTypes(), got.ResultTypes()), signature(want.params, want.results)))
		}
	}
	return problems
}

// checkImports lists imports that are not served.
func checkImports(imports []moduleImport) []string {
	refused := make(map[string]struct{})
	for _, i := range imports {
		if i.kind != 0 || lookup(i.module, i.name) == nil {
			refused[i.String()] = struct{}{}
		}
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		problems = append(problems, "import not allowed: "+name+importAdvice(name))
	}
	return problems
}

// importAdvice says what to do without an import.
func importAdvice(name string) string {
	switch {
	case name == "function env.abort":
		return " (AssemblyScript: name a function of the SDK with --use abort=)"
	case name == "function env.seed":
		return " (AssemblyScript's Math.random: randomness is an input, derive it from the request)"
	case strings.HasPrefix(name, "function "+abi.ImportWASI+".path_"):
		return " (a plugin has no files)"
	case strings.HasPrefix(name, "function "+abi.ImportWASI+".sock_"):
		return " (a plugin has no network)"
	}
	return ""
}

// checkImportTypes lists imports that are served with another type.
func checkImportTypes(c wazero.CompiledModule) (problems []string) {
	for _, f := range c.ImportedFunctions() {
		module, name, _ := f.Import()
		want := lookup(module, name)
		if want == nil || slices.Equal(f.ParamTypes(), want.params) && slices.Equal(f.ResultTypes(), want.results) {
			continue
		}
		problems = append(problems, fmt.Sprintf("import %s.%s has type %s, want %s", module, name,
			signature(f.ParamTypes(), f.ResultTypes()), signature(want.params, want.results)))
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// signature writes a type as (i32, i32) -> (i64).
func signature(params, results []api.ValueType) string {
	list := func(types []api.ValueType) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = api.ValueTypeName(t)
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return list(params) + " -> " + list(results)
}

// oneLine gives an error's text without line breaks.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
