package plugin

import (
	"github.com/eshost/eshost/abi"
)

// Describe asks the guest for its manifest and returns a copy of the bytes,
// which it does not look into. Its error is a [*CallError]: the call failed
// and the instance is broken.
func (in *Instance) Describe() ([]byte, error) {
	if in.broken || in.free {
		return nil, &CallError{Plugin: in.plugin.digest, Func: abi.ExportDescribe, Err: ErrBroken}
	}
	in.begin(&Allowance{Fuel: in.plugin.engine.opts.Fuel})
	if err := in.module.ExportedFunction(abi.ExportDescribe).CallWithStack(&in.ctx, in.stack[:1]); err != nil {
		return nil, in.fail(abi.ExportDescribe, trapped(err))
	}
	view, cause := in.view(in.stack[0])
	if cause != nil {
		return nil, in.fail(abi.ExportDescribe, cause)
	}
	manifest := append([]byte(nil), view...)
	in.end()
	return manifest, nil
}

// Reserve asks the guest for room for a request of size bytes, at least 1, as
// each call does, and fills it, but then calls nothing. Its error is a
// [*CallError]: the guest gave no such room and the instance is broken.
func (in *Instance) Reserve(size uint32) error {
	if in.broken || in.free {
		return &CallError{Plugin: in.plugin.digest, Func: abi.ExportAlloc, Err: ErrBroken}
	}
	in.begin(&Allowance{Fuel: in.plugin.engine.opts.Fuel})
	if cause := in.send(make([]byte, size)); cause != nil {
		return in.fail(abi.ExportAlloc, cause)
	}
	in.end()
	return nil
}

// MemoryBytes is the size of the guest's linear memory.
func (in *Instance) MemoryBytes() int64 { return int64(in.mem.Size()) }
