package plugin

import (
	"context"

	"github.com/eshost/eshost/host/internal/module"
)

// Poke writes a byte into the guest's memory, also while it runs.
func (in *Instance) Poke(at uint32, b byte) { in.mem.WriteByte(at, b) }

// ScanModule reads the structure of a module and returns it cleaned, with the
// number of its imports.
func ScanModule(wasm []byte) (clean []byte, imports int, err error) {
	clean, list, err := module.Scan(wasm, 100_000)
	return clean, len(list), err
}

// Compile compiles a module that ScanModule returned.
func (e *Engine) Compile(wasm []byte) error {
	c, err := e.compile(context.Background(), new(Plugin), wasm)
	if err != nil {
		return err
	}
	return c.Close(context.Background())
}
