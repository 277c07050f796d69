//go:build !linux && !darwin

package plugin

import "github.com/tetratelabs/wazero/experimental"

// reserve makes the linear memory of an instance.
func reserve(capacity, most uint64) experimental.LinearMemory {
	return &heap{make([]byte, 0, capacity), most}
}
