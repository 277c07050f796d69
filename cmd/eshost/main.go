// Command eshost runs event-sourced entities whose rules are WebAssembly plugins.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/eshost/eshost/cmd/eshost/internal/cli"
)

// version is set by the build.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	p := &cli.Program{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Version: version}
	os.Exit(p.Run(ctx, os.Args[1:]))
}
