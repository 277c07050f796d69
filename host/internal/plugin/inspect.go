package plugin

import (
	"github.com/eshost/eshost/abi"
)

// Describe asks the guest for its manifest and returns a copy of the bytes,
// which it does not look into. Its error is a [*CallError]: the call failed
// and the instance is broken.
func (in *Instance) Describe() ([]byte, error) {
	if in.broken {
		return nil, &CallError{Plugin: in.plugin.digest, Func: abi.ExportDescribe, Err: ErrBroken}
	}
	in.begin(callDescribe)
	if err := in.module.ExportedFunction(abi.ExportDescribe).CallWithStack(&in.ctx, in.stack[:1]); err != nil {
		return nil, in.fail(callDescribe, trapped(err))
	}
	view, cause := in.view(in.stack[0])
	if cause != nil {
		return nil, in.fail(callDescribe, cause)
	}
	manifest := append([]byte(nil), view...)
	in.end()
	return manifest, nil
}

// Reserve asks the guest for room for a request of size bytes, at least 1, as
// each call does, and fills it, but then calls nothing. Its error is a
// [*CallError]: the guest gave no such room and the instance is broken.
func (in *Instance) Reserve(size uint32) error {
	if in.broken {
		return &CallError{Plugin: in.plugin.digest, Func: abi.ExportAlloc, Err: ErrBroken}
	}
	in.begin(callAlloc)
	if cause := in.send(make([]byte, size)); cause != nil {
		return in.fail(callAlloc, cause)
	}
	in.end()
	return nil
}

// MemoryBytes is the size of the guest's linear memory.
func (in *Instance) MemoryBytes() int64 { return int64(in.mem.Size()) }
