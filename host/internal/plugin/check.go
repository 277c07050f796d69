package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host/internal/module"
)

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
func checkImports(imports []module.Import) []string {
	refused := make(map[string]struct{})
	for _, i := range imports {
		if i.Kind != module.Function || lookup(i.Module, i.Name) == nil {
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
		return " (AssemblyScript's Math.random: use context.random(), which is the same whenever the decision is taken again)"
	case name == "function env.Date.now":
		return " (AssemblyScript's Date: use context.nowMillis, the time of the commit)"
	case name == "function env.console.log":
		return " (AssemblyScript's console: use context.log)"
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

// lookup finds a function that plugins may import.
func lookup(module, name string) *hostFunc {
	funcs := served[module]
	if i := slices.IndexFunc(funcs, func(f hostFunc) bool { return f.name == name }); i >= 0 {
		return &funcs[i]
	}
	return nil
}
