//go:build wasip1

// A plugin without any SDK, whose handler does what the request's first byte
// says: things that Go's runtime, and not the handler, has to do with.
package main

import (
	"fmt"
	"os"
	"time"
	"unsafe"
)

func main() {}

var (
	buffer [4096]byte
	answer []byte
	hoard  [][]byte
)

// manifest is {abi: [1, 0], sdk: "", types: [{type: "thing", state_schema: "", commands: [{name: "do"}], events: []}]}.
const manifest = "\x83\xa3abi\x92\x01\x00\xa3sdk\xa0\xa5types\x91\x84\xa4type\xa5thing\xacstate_schema\xa0\xa8commands\x91\x81\xa4name\xa2do\xa6events\x90"

func place(b []byte) uint64 {
	answer = b
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}

//go:wasmexport eshost_abi_v1
func marker() {}

//go:wasmexport alloc
func alloc(size uint32) uint32 { return uint32(uintptr(unsafe.Pointer(&buffer))) }

//go:wasmexport describe
func describe() uint64 { return place([]byte(manifest)) }

//go:wasmexport handle_event
func handleEvent(ptr, size uint32) uint64 { return place(buffer[:size]) }

//go:wasmexport handle_command
func handleCommand(ptr, size uint32) uint64 {
	switch buffer[0] {
	case 'p':
		panic("no such thing")
	case 's':
		time.Sleep(time.Microsecond)
	case 'z':
		time.Sleep(time.Millisecond)
	case 'e':
		os.Exit(3)
	case 'd':
		<-make(chan int)
	case 'm':
		for {
			hoard = append(hoard, make([]byte, 1<<20))
		}
	case 'r':
		return recurse(1)
	case 'o':
		fmt.Println("to standard output")
	case 't':
		return place([]byte(time.Now().UTC().String()))
	case 'f':
		_, err := os.Stdin.Read(buffer[:])
		return place([]byte(err.Error()))
	case 'a':
		return place(fmt.Append(nil, len(os.Args), len(os.Environ())))
	}
	return place([]byte("ok"))
}

func recurse(n uint64) uint64 { return recurse(n+1) + n }
