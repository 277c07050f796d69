package eshost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/eshost/eshost/"

// rule says what a package of ours may import: packages of ours, and other
// people's modules. A name that ends in "/..." stands for all below it.
type rule struct {
	ours   []string
	others []string
}

// policy is the import policy: dependencies go in one direction. What is not
// in it may not be imported; the standard library always may. Tests may import anything but the other modules.
var policy = map[string]rule{
	"abi":                             {},
	"abi/abitest":                     {ours: []string{"abi"}, others: []string{"github.com/santhosh-tekuri/jsonschema/v6"}},
	"stores":                          {others: []string{"github.com/cespare/xxhash/v2"}},
	"stores/storetest":                {ours: []string{"stores", "stores/memstore"}},
	"stores/storetest/proxy":          {},
	"stores/memstore":                 {ours: []string{"stores"}},
	"stores/pebblestore":              {ours: []string{"stores"}, others: []string{"github.com/cockroachdb/pebble/v2"}},
	"stores/transfer":                 {ours: []string{"stores"}, others: []string{"github.com/cespare/xxhash/v2", "golang.org/x/sync"}},
	"stores/natsstore":                {ours: []string{"stores"}, others: []string{"github.com/nats-io/nats.go", "github.com/nats-io/nuid", "golang.org/x/sync"}},
	"stores/natsstore/natstest":       {others: []string{"github.com/nats-io/nats.go"}},
	"stores/pgstore":                  {ours: []string{"stores"}, others: []string{"github.com/jackc/pgx/v5", "golang.org/x/sys"}},
	"stores/pgstore/pgtest":           {ours: []string{"stores/pgstore"}, others: []string{"github.com/jackc/pgx/v5"}},
	"host/internal/module":            {},
	"host/internal/meter":             {ours: []string{"host/internal/module"}},
	"host/internal/countertest":       {ours: []string{"abi"}},
	"host/internal/plugin":            {ours: []string{"abi", "host/internal/meter", "host/internal/module"}, others: []string{"github.com/tetratelabs/wazero", "golang.org/x/sys"}},
	"host/internal/entity":            {ours: []string{"stores"}, others: []string{"github.com/cespare/xxhash/v2"}},
	"host/internal/entity/entitytest": {ours: []string{"host/internal/entity", "stores"}},
	"host/internal/engine":            {ours: []string{"host/internal/entity", "stores"}, others: []string{"github.com/prometheus/client_golang"}},
	"host/internal/deployment":        {ours: []string{"stores"}, others: []string{"github.com/vmihailenco/msgpack/v5"}},
	"host/internal/replay":            {ours: []string{"abi", "host/internal/entity", "stores"}, others: []string{"github.com/cespare/xxhash/v2", "github.com/wI2L/jsondiff", "golang.org/x/sync"}},
	"host":                            {ours: []string{"abi", "stores", "host/internal/..."}, others: []string{"golang.org/x/time", "github.com/prometheus/client_golang", "go.opentelemetry.io/otel"}},
	"host/sandbox":                    {ours: []string{"abi", "host/internal/plugin"}},
	"host/sandbox/conformance":        {ours: []string{"abi/abitest", "host/sandbox"}},
	"host/hosttest":                   {ours: []string{"host", "stores/memstore"}},
	"host/client":                     {others: []string{"github.com/vmihailenco/msgpack/v5"}},
	"cmd/eshost":                      {ours: []string{"cmd/eshost/internal/...", "abi", "host/...", "stores/..."}, others: []string{"*"}},
	"cmd/eshost/internal/...":         {ours: []string{"cmd/eshost/internal/...", "abi", "abi/abitest", "host", "host/client", "host/sandbox/...", "stores", "stores/memstore", "stores/natsstore", "stores/pebblestore", "stores/pgstore", "stores/transfer"}, others: []string{"*"}},
}

// forbidden says which modules only some packages may import, whatever else
// the policy allows.
var forbidden = map[string][]string{
	"github.com/tetratelabs/wazero":     {"host/internal/plugin", "cmd/eshost/internal/bench"},
	"github.com/cockroachdb/pebble/v2":  {"stores/pebblestore", "cmd/eshost/internal/bench"},
	"github.com/nats-io/nats-server/v2": {}, // a tool: tests start it as a process
}

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Module     *struct{ Path string }
	Imports    []string
}

func matches(pattern, name string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == base || strings.HasPrefix(name, base+"/")
	}
	return pattern == name
}

// ruleFor returns the rule of a package of ours: its own, or that of the folder above.
func ruleFor(name string) (rule, bool) {
	if r, ok := policy[name]; ok {
		return r, true
	}
	for pattern, r := range policy {
		if strings.HasSuffix(pattern, "/...") && matches(pattern, name) {
			return r, true
		}
	}
	return rule{}, false
}

// check returns what is wrong with the imports of our packages.
func check(all map[string]pkg) (wrong []string) {
	for path, p := range all {
		name, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		r, ok := ruleFor(name)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is not in the import policy", name))
			continue
		}
		for _, imported := range p.Imports {
			if w := r.allows(name, all[imported], imported); w != "" {
				wrong = append(wrong, w)
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

func (r rule) allows(name string, p pkg, imported string) string {
	if p.Standard || imported == "C" || imported == "unsafe" {
		return ""
	}
	if target, ours := strings.CutPrefix(imported, module); ours {
		if strings.HasPrefix(target, "guest-sdk/") || strings.HasPrefix(target, "plugins/") {
			return fmt.Sprintf("%s imports %s, which belongs to another module", name, target)
		}
		if !slices.ContainsFunc(r.ours, func(pattern string) bool { return matches(pattern, target) }) {
			return fmt.Sprintf("%s may not import %s", name, target)
		}
		return ""
	}
	if p.Module == nil {
		return fmt.Sprintf("%s imports %s, which is in no module", name, imported)
	}
	if only, ok := forbidden[p.Module.Path]; ok && !slices.Contains(only, name) {
		return fmt.Sprintf("%s may not import %s: only %s may", name, p.Module.Path, strings.Join(only, " and "))
	}
	if slices.Contains(r.others, "*") || slices.ContainsFunc(r.others, func(m string) bool { return p.Module.Path == m || strings.HasPrefix(p.Module.Path, m+"/") }) {
		return ""
	}
	return fmt.Sprintf("%s may not import module %s", name, p.Module.Path)
}

// list asks the go tool for the packages of this module and all they import.
func list(t *testing.T) map[string]pkg {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Module,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	all := make(map[string]pkg)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func TestDependenciesGoInOneDirection(t *testing.T) {
	all := list(t)
	if len(all) < 100 || all[module+"host"].Imports == nil {
		t.Fatalf("go list shows %d packages", len(all))
	}
	for _, w := range check(all) {
		t.Error(w)
	}
}

func TestANewArrowIsFound(t *testing.T) {
	in := func(m string) *struct{ Path string } { return &struct{ Path string }{m} }
	others := map[string]pkg{
		"fmt":                               {Standard: true},
		"github.com/tetratelabs/wazero/api": {Module: in("github.com/tetratelabs/wazero")},
		"example.com/x":                     {Module: in("example.com/x")},
	}
	for _, test := range []struct {
		name, from, to, want string
	}{
		{"the standard library", "abi", "fmt", ""},
		{"what the table allows", "host", module + "stores", ""},
		{"upwards", "stores", module + "host", "stores may not import host"},
		{"sideways", "abi", module + "stores", "abi may not import stores"},
		{"a store from the engine", "host", module + "stores/pebblestore", "host may not import stores/pebblestore"},
		{"the engine from an entity", "host/internal/entity", module + "host/internal/plugin", "host/internal/entity may not import host/internal/plugin"},
		{"wazero from elsewhere", "cmd/eshost/internal/api", "github.com/tetratelabs/wazero/api", "cmd/eshost/internal/api may not import github.com/tetratelabs/wazero"},
		{"an unknown module", "host", "example.com/x", "host may not import module example.com/x"},
		{"the SDK", "cmd/eshost", module + "guest-sdk/go", "cmd/eshost imports guest-sdk/go, which belongs to another module"},
		{"a package nobody thought of", "helpers", "fmt", "helpers is not in the import policy"},
	} {
		all := map[string]pkg{module + test.from: {Imports: []string{test.to}}}
		for path, p := range others {
			all[path] = p
		}
		wrong := strings.Join(check(all), "; ")
		if test.want == "" && wrong != "" || !strings.HasPrefix(wrong, test.want) {
			t.Errorf("%s: %q, want %q", test.name, wrong, test.want)
		}
	}
}
