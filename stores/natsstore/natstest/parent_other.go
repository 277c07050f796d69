//go:build !linux

package natstest

import "syscall"

// endWithParent does nothing here: a server outlives a test's process that is
// killed, and ends with every other.
func endWithParent() *syscall.SysProcAttr { return nil }
