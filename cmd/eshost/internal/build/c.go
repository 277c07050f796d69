package build

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/eshost/eshost/abi"
)

// cSources are the files that a C or C++ plugin is made of.
var cSources = []string{"*.c", "*.cc", "*.cpp"}

// The versions of clang that are looked for by their number, the best first.
const newestClang, oldestClang = 22, 15

// cFlags make a small module without a C library, of features that every engine has, and let the compiler say little of macros.
var cFlags = strings.Fields("--target=" + wasmTarget + " -Os -ffreestanding -nostdlib -mcpu=mvp -msign-ext -mbulk-memory " +
	"-Wl,--no-entry,--stack-first,-z,stack-size=65536,--strip-all,--compress-relocations " +
	"-fmacro-backtrace-limit=1 -ferror-limit=5 -fno-spell-checking -fno-color-diagnostics")

// cxxFlags are added for C++, whose exceptions take a library.
var cxxFlags = []string{"-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"}

// compileC compiles a C or C++ plugin: all sources in its folder but the tests, with the flags of its compile_flags.txt.
func (b *Builder) compileC(ctx context.Context, dir string) ([]byte, error) {
	clang, err := b.clang(ctx, dir)
	if err != nil {
		return nil, err
	}
	own, err := compileFlags(filepath.Join(dir, "compile_flags.txt"))
	if err != nil {
		return nil, fmt.Errorf("plugin %s: %w", dir, err)
	}
	sources := slices.DeleteFunc(matching(dir, cSources), func(name string) bool {
		return strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "_test")
	})
	if len(sources) == 0 {
		return nil, &CompileError{dir, "the folder holds only tests, whose names end in _test: the plugin's own sources are missing"}
	}
	for _, name := range sources {
		if strings.ContainsRune("-@", rune(name[0])) {
			return nil, &CompileError{dir, fmt.Sprintf("%s: the compiler would take this name for a flag: rename the file", name)}
		}
	}
	wasm, err := b.compileTo(ctx, &command{dir: dir, name: clang[0]}, func(target string) []string {
		args := slices.Concat(clang[1:], cFlags)
		if slices.ContainsFunc(sources, func(name string) bool { return filepath.Ext(name) != ".c" }) {
			args = append(args, cxxFlags...)
			own = slices.DeleteFunc(own, func(flag string) bool { // a standard of C, as a new folder names one
				return strings.HasPrefix(flag, "-std=") && !strings.Contains(flag, "++")
			})
		}
		return slices.Concat(args, own, []string{"-o", target}, sources)
	})
	var compile *CompileError
	switch {
	case errors.As(err, &compile) && lacksLinker(compile.Output):
		return nil, b.missing(dir, linkerOf(clang[0]), clang[0]+" finds no wasm-ld")
	case errors.As(err, &compile):
		compile.Output = adviseC(compile.Output)
		return nil, err
	case err == nil && !bytes.Contains(wasm, []byte(abi.ExportMarker)) && includesSDK(dir, sources):
		return nil, &CompileError{dir, "no file serves a type: add ESHOST_SERVE(...), with what ESHOST_TYPE defined, once to one of the files"}
	}
	return wasm, err
}

// includesSDK reports whether one of the sources includes the SDK's header.
func includesSDK(dir string, sources []string) bool {
	return slices.ContainsFunc(sources, func(name string) bool {
		text, err := os.ReadFile(filepath.Join(dir, name))
		return err == nil && bytes.Contains(text, []byte(`eshost.h"`))
	})
}

// lacksLinker reports whether clang says that it cannot start a linker.
func lacksLinker(output string) bool {
	return strings.Contains(output, "wasm-ld") && (strings.Contains(output, "unable to execute command") || strings.Contains(output, "invalid linker name"))
}

// linkerOf is the linker that belongs to a clang.
func linkerOf(clang string) tool {
	t := tool{"the lld that belongs to " + clang, maps.Clone(toolClang.by)}
	t.by[debian] = "`sudo apt-get install ${lld}`"
	if number, ok := strings.CutPrefix(filepath.Base(clang), "clang-"); ok {
		t.by[debian] = "`sudo apt-get install lld-" + number + "`"
	}
	return t
}

// clang is the newest clang that can make WebAssembly, and the arguments by which it finds its linker.
func (b *Builder) clang(ctx context.Context, dir string) ([]string, error) {
	needed, why := toolClang, "clang is not in the path"
	for _, name := range clangs() {
		if !found(name) {
			continue
		}
		version, _, err := (&command{dir: dir, name: name, args: []string{"-dumpversion"}}).run(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		major, _, _ := strings.Cut(strings.TrimSpace(version), ".")
		if n, e := strconv.Atoi(major); err != nil || e != nil || n < oldestClang {
			if needed.needs == toolClang.needs { // or another clang lacks only its linker
				why = fmt.Sprintf("%s is version %s", name, strings.TrimSpace(version))
			}
			continue
		}
		if targets, _, err := (&command{dir: dir, name: name, args: []string{"-print-targets"}}).run(ctx); err != nil || !strings.Contains(targets, "wasm32") {
			if needed.needs == toolClang.needs {
				why = name + " does not compile to WebAssembly"
			}
			continue
		}
		linker, _, err := (&command{dir: dir, name: name, args: []string{"--target=" + wasmTarget, "-print-prog-name=wasm-ld"}}).run(ctx)
		if linker = strings.TrimSpace(linker); err == nil && filepath.IsAbs(linker) && isFile(linker) {
			return []string{name}, nil
		}
		for _, linker := range []string{"wasm-ld-" + major, "wasm-ld"} {
			if path, err := exec.LookPath(linker); err == nil {
				return []string{name, "-fuse-ld=" + path}, nil
			}
		}
		needed, why = linkerOf(name), name+" is there, but no wasm-ld"
	}
	return nil, b.missing(dir, needed, why)
}

// clangs are the names that clang may have, the best first.
func clangs() (names []string) {
	names = numbered("clang")
	// Where Homebrew keeps the one that is not Apple's.
	return append(names, "/opt/homebrew/opt/llvm/bin/clang", "/usr/local/opt/llvm/bin/clang")
}

// numbered are the names that a program of LLVM may have, the newest first.
func numbered(program string) (names []string) {
	for n := newestClang; n >= oldestClang; n-- {
		names = append(names, fmt.Sprintf("%s-%d", program, n))
	}
	return append(names, program)
}

// newest is the newest program of LLVM of this name that is in the path; "" if there is none.
func newest(program string) string {
	for _, name := range numbered(program) {
		if found(name) {
			return name
		}
	}
	return ""
}

// compileFlags reads the flags of a folder, one a line, as clangd and other tools do.
func compileFlags(name string) (flags []string, err error) {
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if flag := strings.TrimSpace(s.Text()); flag != "" {
			flags = append(flags, flag)
		}
	}
	return flags, s.Err()
}
