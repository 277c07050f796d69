// Command eshost runs event-sourced entities whose rules are WebAssembly plugins.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/eshost/eshost/cmd/eshost/internal/cli"
)

// version is set by the build; where it is not, it is the module's.
var version string

func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	p := &cli.Program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Version: programVersion()}
	os.Exit(p.Run(ctx, os.Args[1:]))
}
