package build

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is the error of a file that another handle keeps to itself.
const sharingViolation = syscall.Errno(32)

// tryLock locks a file, if nobody else does; both results are nil otherwise.
func tryLock(name string) (release func(), err error) {
	path, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(path, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case err == nil:
		return func() { _ = syscall.CloseHandle(h) }, nil
	case errors.Is(err, sharingViolation):
		return nil, nil
	}
	return nil, &os.PathError{Op: "lock", Path: name, Err: err}
}
