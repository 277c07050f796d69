package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/deploy"
	"github.com/eshost/eshost/cmd/eshost/internal/watch"
)

func (p *Program) dev() *cobra.Command {
	c := &cobra.Command{
		Use:   "dev PATH...",
		Short: "Build and serve plugins, and swap them whenever a source changes",
		Long: `Build and serve the plugins at the paths, which are source folders or .wasm files. Whenever a source changes its
plugin is built again and swapped under the live entities. When that fails, the former one serves on. Whatever the new one
cannot fold of what is stored is said at once.

A plugin that was deployed on the store before changes nothing when dev begins: what was deployed after it serves on until a source changes.`,
		Example: "  eshost dev plugins/counter/go",
		Args:    cobra.MinimumNArgs(1),
	}
	f := p.configured(c)
	if flag := c.Flags().Lookup("log-level"); flag != nil {
		flag.DefValue = "warn"
		flag.Usage += "; dev itself says what it does"
	}
	c.RunE = func(cmd *cobra.Command, paths []string) error {
		f.quiet = true
		h, err := f.open(cmd.Context())
		if err != nil {
			return err
		}
		return h.close(develop(cmd.Context(), h, paths))
	}
	return c
}

// developing is `eshost dev`.
type developing struct {
	*hosting
	serving  map[string]*deploy.Result // what came of a path last
	refolder *refolder
}

func develop(ctx context.Context, h *hosting, paths []string) error {
	if _, folder, ok := h.server.Stores().Pebble(); ok {
		ignoreData(folder)
	}
	r, err := newRefolder(ctx, h.server.Host())
	if err != nil {
		return err
	}
	d := &developing{hosting: h, serving: make(map[string]*deploy.Result), refolder: r}
	return d.run(ctx, paths)
}

// ignoreData has git ignore the data, which may lie in an author's repository.
// Where that cannot be written git shows the data, no more.
func ignoreData(dir string) {
	f, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString("*\n")
	_ = f.Close()
}

func (d *developing) run(ctx context.Context, paths []string) error {
	// The watcher comes first: what is saved during the first build is built again.
	changes := make(chan string)
	for _, path := range paths {
		if err := d.watch(ctx, path, changes); err != nil {
			return err
		}
	}
	try := ""
	for _, path := range paths {
		r, err := d.update(ctx, path, d.plugins.Start)
		if err != nil {
			return err
		}
		if r != nil && try == "" {
			try = example(r.Deployment.Manifest)
		}
	}
	d.server.Serve()
	d.p.say("serving", "%s, data in %s", d.server.URL(), d.server.Stores())
	if try != "" {
		d.p.say("try", "%s%s", try, d.elsewhere())
	}
	d.p.say("watching", "%s: save a change to swap the plugin, ctrl-c to end", strings.Join(paths, ", "))
	for {
		select {
		case <-ctx.Done():
			d.p.say("stopping", "batches under way are finished")
			return nil
		case err := <-d.server.Failed():
			return err
		case path := <-changes:
			if _, err := d.update(ctx, path, d.plugins.Deploy); err != nil && ctx.Err() == nil {
				d.failed(path, err)
			}
		}
	}
}

// elsewhere is the flag by which `eshost send` finds a host that is not at the usual place.
func (d *developing) elsewhere() string {
	if d.server.URL() == defaultURL {
		return ""
	}
	return " --url " + d.server.URL()
}

// watch passes on that something changed at the path.
func (d *developing) watch(ctx context.Context, path string, changes chan<- string) error {
	w, err := watch.Watch(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("plugin %s: there is no such file or folder", path)
	}
	if err != nil {
		return err
	}
	go func() {
		defer w.Close()
		for range w.Changes() {
			select {
			case changes <- path:
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}
