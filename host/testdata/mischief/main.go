// Command mischief is a plugin that fails in every way a plugin may. What its
// marks say is replaced in the compiled file, to make plugins that differ.
package main

import (
	"fmt"
	"os"
	"strings"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

// The marks.
var (
	factor = "factor=01" // by which additions count
	poison = "poison=ok" // whether poisoned events can be folded
)

// Add asks to add.
type Add struct{ By uint64 }

// Added says that something was added.
type Added struct{ By uint64 }

// Poisoned is an event that some plugins cannot fold.
type Poisoned struct{ By uint64 }

var refused = eshost.NewRejection("refused")

var mischief = eshost.Define[uint64]("mischief",
	eshost.Command("add", func(_ *eshost.Context, _ uint64, c Add) eshost.Effect { return eshost.Accept(Added{c.By}) }, eshost.StateReply),
	eshost.Command("look", func(*eshost.Context, uint64, eshost.None) eshost.Effect { return eshost.Accept() }, eshost.StateReply),
	eshost.Command("refuse", func(*eshost.Context, uint64, eshost.None) eshost.Effect { return refused.Reject() }, eshost.StateReply).Rejects(refused),
	eshost.Command("poison", func(_ *eshost.Context, _ uint64, c Add) eshost.Effect { return eshost.Accept(Poisoned{c.By}) }, eshost.StateReply),
	eshost.Command("panic", func(*eshost.Context, uint64, eshost.None) eshost.Effect { panic("a bad day") }, eshost.StateReply),
	eshost.Command("exit", func(*eshost.Context, uint64, eshost.None) eshost.Effect { os.Exit(3); return eshost.Accept() }, eshost.StateReply),
	eshost.Command("grow", func(*eshost.Context, uint64, eshost.None) eshost.Effect {
		for {
			heap = append(heap, make([]byte, 16<<20))
		}
	}, eshost.StateReply),
	eshost.Command("remember", func(*eshost.Context, uint64, eshost.None) eshost.Effect {
		remembered++
		return eshost.Accept(Added{remembered})
	}, eshost.StateReply),
	eshost.Command("say", func(*eshost.Context, uint64, eshost.None) eshost.Effect {
		for range 10 {
			fmt.Println(strings.Repeat("x", 1000))
		}
		return eshost.Accept()
	}, eshost.StateReply),
	eshost.Command("many", func(_ *eshost.Context, _ uint64, c Add) eshost.Effect {
		events := make([]any, c.By)
		for i := range events {
			events[i] = Added{1}
		}
		return eshost.Accept(events...)
	}, eshost.StateReply),
	eshost.Event("added", 1, func(value uint64, e Added) uint64 {
		if strings.HasSuffix(factor, "=02") {
			return value + 2*e.By
		}
		return value + e.By
	}),
	eshost.Event("poisoned", 1, func(value uint64, e Poisoned) uint64 {
		if strings.HasSuffix(poison, "=no") {
			panic("cannot fold this")
		}
		return value + e.By
	}),
)

var (
	heap       [][]byte
	remembered uint64
)

func init() { eshost.Serve(mischief) }

func main() {}
