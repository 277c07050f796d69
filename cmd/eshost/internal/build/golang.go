package build

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

// compileGo compiles a Go plugin, with the SDK that its module names if that
// can be had, and else with the one eshost carries.
func (b *Builder) compileGo(ctx context.Context, dir string) ([]byte, error) {
	if !found("go") {
		return nil, b.missing(dir, toolGo, "it is not in the path")
	}
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}
	find := &command{dir: dir, env: env, name: "go", args: []string{"list", "-find", sdk.Module}}
	_, _, err := find.run(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil || elsewhere(dir) {
		work, err := b.workspace(dir)
		if err != nil {
			return nil, err
		}
		env = append(env, "GOWORK="+work, "GOFLAGS="+withoutMod(os.Getenv("GOFLAGS")))
	}
	return b.compileTo(ctx, &command{dir: dir, env: env, name: "go"}, func(target string) []string {
		return []string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", target, "."}
	})
}

// withoutMod removes -mod from GOFLAGS, which a workspace does not take.
func withoutMod(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return strings.HasPrefix(f, "-mod=") }), " ")
}
