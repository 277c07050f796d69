//go:build unix

package storage

import (
	"errors"
	"os"
)

// syncFolder makes what a folder lists durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
