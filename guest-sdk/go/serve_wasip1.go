package eshost

import (
	"runtime"
	"unsafe"

	"github.com/eshost/eshost/guest-sdk/go/internal/codec"
)

// served is what the exports talk to. Exported functions have no receiver, so this one plugin is a global.
var served *Plugin

// Serve makes the types the ones that this plugin serves. Call it once, from an init function. In a native build it
// only checks its arguments, as [NewPlugin] does.
func Serve(types ...AnyType) {
	if served != nil {
		panic("eshost: Serve was called twice; call it once, with all types")
	}
	served = newPlugin(true, types)
}

// maxRequestBytes is the largest request that alloc makes room for.
const maxRequestBytes = 1 << 30

// keptBytes is how large a buffer may be to be kept for later requests.
const keptBytes = 1 << 20

var request []byte

//go:wasmexport eshost_abi_v1
func marker() {}

//go:wasmexport alloc
func alloc(size uint32) uint32 {
	if size > maxRequestBytes {
		return 0
	}
	if n := int(size) + codec.Slack; n > len(request) || len(request) > keptBytes && n <= keptBytes {
		request = nil
		request = make([]byte, max(n+n/4, 4096))
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(request))))
}

//go:wasmexport describe
func describePlugin() uint64 {
	defer trap()
	busy = true
	answer := plugin().Describe()
	busy = false
	return located(answer)
}

//go:wasmexport handle_command
func handleCommand(at, size uint32) uint64 {
	defer trap()
	busy = true
	answer := plugin().HandleCommand(received(at, size))
	busy = false
	return finished(answer)
}

//go:wasmexport handle_event
func handleEvent(at, size uint32) uint64 {
	defer trap()
	busy = true
	answer := plugin().HandleEvent(received(at, size))
	busy = false
	return finished(answer)
}

func plugin() *Plugin {
	if served == nil {
		panic("eshost: the plugin serves nothing; call eshost.Serve from an init function")
	}
	return served
}

// received gives the request, which must lie in the buffer that alloc gave.
func received(at, size uint32) []byte {
	if start := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(request)))); at != start || int(size) > len(request) {
		panic("eshost: the request is not where alloc said")
	}
	return request[:size]
}

// located gives the place of an answer as the ABI packs it.
func located(answer []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}

// calls counts towards the next chance for the collector.
var calls uint32

// callsPerBreath is how many calls pass between two chances for the collector. It runs on the same single thread, and
// only when it is let.
const callsPerBreath = 64

func finished(answer []byte) uint64 {
	if calls++; calls%callsPerBreath == 0 {
		runtime.Gosched()
	}
	return located(answer)
}

// busy says that a call is being handled.
var busy bool

// trap tells the host why the plugin is about to die, and lets it.
func trap() {
	if !busy {
		return // without the call of recover, which is not free
	}
	if reason := recover(); reason != nil {
		text := panicText(reason)
		importPanic(unsafe.StringData(text), uint32(len(text)))
		panic(reason)
	}
}

//go:wasmimport eshost_v1 panic
func importPanic(text *byte, size uint32)
