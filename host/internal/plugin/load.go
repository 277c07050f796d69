package plugin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/meter"
	"github.com/eshost/eshost/host/internal/module"
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
	p := &Plugin{engine: e, digest: sha256.Sum256(wasm), memoryBytes: uint64(e.opts.MemoryLimitPages) * pageBytes, maxInstances: e.opts.MaxInstances, room: make(chan struct{}, 1), gone: make(chan struct{})}
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
	clean, imports, err := module.Scan(wasm, e.opts.MaxFunctions)
	if err != nil {
		return p.refuse(err, "the .wasm file is broken or beyond a limit: "+err.Error())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	metered, err := meter.Rewrite(clean)
	if err != nil {
		return p.refuse(err, append(checkImports(imports), "it cannot be metered: "+err.Error())...)
	}
	if p.compiled, err = e.compile(ctx, p, metered); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the caller gave up, which says nothing of the plugin
		}
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
	release := p.Release
	defer func() { release(in) }()
	b, err := in.Describe()
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
	if own := &manifest.Limits; own.MemoryBytes != 0 {
		p.memoryBytes = min(p.memoryBytes, own.MemoryBytes)
		release = (*Instance).Discard // it may still grow to what the engine allows
		if start := uint64(in.MemoryBytes()); start > p.memoryBytes {
			return p.refuse(nil, fmt.Sprintf("its manifest limits the memory of an instance to %d bytes, and one has %d from the start", p.memoryBytes, start))
		}
	}
	if own := manifest.Limits.Instances; own != 0 {
		p.maxInstances = int(min(uint64(p.maxInstances), own))
	}
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

// compilers is how many processors compile a module. Only where there are several does the compiler look at its context.
const compilers = 2

// compile compiles a module. The compiler is not trusted to survive every
// module.
func (e *Engine) compile(ctx context.Context, p *Plugin, wasm []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("the compiler failed: %v", r)
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, e.opts.CompileTimeout, fmt.Errorf("it takes longer than %v, which is the limit", e.opts.CompileTimeout))
	defer cancel()
	ctx = experimental.WithCompilationWorkers(ctx, compilers)
	start, kept := time.Now(), e.kept()
	defer func() {
		e.nanos.Add(int64(time.Since(start)))
		e.compiled.Add(1)
		if err == nil && kept > 0 && e.kept() == kept {
			e.cached.Add(1)
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

// kept is how many compiled plugins lie in the folder. Only one module is compiled at a
// time, so one that adds nothing was there.
func (e *Engine) kept() int {
	if e.opts.CacheDir == "" {
		return 0
	}
	files, _ := filepath.Glob(filepath.Join(e.opts.CacheDir, "wazero-*", "*")) // the pattern is well-formed
	return len(files)
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

// oneLine gives an error's text without line breaks.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
