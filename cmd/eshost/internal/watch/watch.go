// Package watch tells when the sources of a plugin change.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must happen before a change is told: editors and
// version control write many files for what is one change.
const quiet = 100 * time.Millisecond

// Watcher watches one path.
type Watcher struct {
	notify  *fsnotify.Watcher
	root    string
	file    string // the only file that counts; "": all sources below root
	changes chan struct{}
	done    chan struct{}
}

// Watch watches a folder and all below it, or one file. The caller closes
// the watcher; it ends with ctx, too.
func Watch(ctx context.Context, path string) (*Watcher, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	w := &Watcher{root: path, changes: make(chan struct{}, 1), done: make(chan struct{})}
	if !info.IsDir() {
		w.root, w.file = filepath.Dir(path), path
	}
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		return nil, fmt.Errorf("watch %s: %w", path, err)
	}
	if err := w.add(w.root); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", path, err), w.notify.Close())
	}
	go w.run(ctx)
	return w, nil
}

// Changes yields a value when something has changed, once for many changes
// that nobody asked about. It is closed when the watcher ends.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

// Close ends the watcher and waits for it. It is idempotent.
func (w *Watcher) Close() error {
	err := w.notify.Close()
	<-w.done
	return err
}

// add watches a folder, and where all sources count those below it.
func (w *Watcher) add(dir string) error {
	if w.file != "" {
		return w.notify.Add(dir)
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone again already
			return nil
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != w.root && ignoredFolder(d.Name()):
			return filepath.SkipDir
		}
		return w.notify.Add(path)
	})
}

// ignoredFolder reports whether a folder holds nothing that an author writes.
func ignoredFolder(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"build", "node_modules", "target", "eshost-data"}, name)
}

// Files that no plugin is built from: of editors and tools, or scenarios and texts for people.
var ignoredExtensions = []string{".wasm", ".wat", ".swp", ".swx", ".tmp", ".bak", ".test", ".prof", ".log", ".yaml", ".yml", ".md"}

// Files that builds and editors write.
var ignoredFiles = []string{"Cargo.lock", "package-lock.json", "4913"} // the last is Vim's

// counts reports whether a change of the file is one of the sources.
func (w *Watcher) counts(path string) bool {
	if w.file != "" {
		return path == w.file
	}
	name := filepath.Base(path)
	switch {
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "~"), strings.HasPrefix(name, "#"): // of an editor
		return false
	case slices.Contains(ignoredFiles, name), slices.Contains(ignoredExtensions, filepath.Ext(name)):
		return false
	}
	return !ignoredFolder(name)
}

func (w *Watcher) run(ctx context.Context) {
	defer close(w.done)
	defer close(w.changes)
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	changed := make(map[string]bool) // since it was quiet: whether it was made then
	for {
		select {
		case <-ctx.Done():
			return
		case <-settled.C:
			if !lasts(changed) {
				continue
			}
			select {
			case w.changes <- struct{}{}:
			default: // the one before was not asked about yet
			}
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if !w.counts(e.Name) || e.Op == fsnotify.Chmod {
				continue
			}
			if e.Has(fsnotify.Create) && w.file == "" {
				_ = w.add(e.Name) // a new folder, perhaps
			}
			if _, again := changed[e.Name]; !again {
				changed[e.Name] = e.Has(fsnotify.Create)
			}
			settled.Reset(quiet)
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			changed[""] = false
			settled.Reset(quiet) // something was missed: look again
		}
	}
}

// lasts empties the map, and reports whether any of it is a change that stays. A
// file or folder that was made and is gone again is none: Cargo makes its folder
// target under another name, and then renames it.
func lasts(changed map[string]bool) (any bool) {
	for name, made := range changed {
		_, err := os.Lstat(name)
		any = any || !made || !errors.Is(err, fs.ErrNotExist)
	}
	clear(changed)
	return any
}
