package natstest

import "syscall"

// endWithParent lets a server end when the test's process does, however that ends.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
