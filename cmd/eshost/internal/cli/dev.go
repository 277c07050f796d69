package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/cmd/eshost/internal/deploy"
	"github.com/eshost/eshost/cmd/eshost/internal/watch"
)

func (p *Program) dev() *cobra.Command {
	c := &cobra.Command{
		Use:   "dev PATH...",
		Short: "Build and serve plugins, and swap them whenever a source changes",
		Long: `Build and serve the plugins at the paths, which are source folders or .wasm files. Whenever a source changes its
plugin is built again and swapped under the live entities. When that fails, the former one serves on.`,
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
		d := &developing{hosting: h, digests: make(map[string]string)}
		return h.close(d.run(cmd.Context(), paths))
	}
	return c
}

// developing is `eshost dev`.
type developing struct {
	*hosting
	digests map[string]string // the beginnings of the plugins that serve, by path
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
		r, err := d.update(ctx, path)
		if err != nil {
			return err
		}
		if r != nil && try == "" {
			try = example(r.Deployment.Manifest)
		}
	}
	d.server.Serve()
	d.p.say("serving", "%s, data in %s", d.server.URL(), d.config.Store.Dir)
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
			if _, err := d.update(ctx, path); err != nil {
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

// update builds the plugin at the path and swaps it in. A source that does not
// compile is reported, and no error: its author is about to mend it.
func (d *developing) update(ctx context.Context, path string) (*deploy.Result, error) {
	d.p.say("building", "%s", path)
	r, err := d.deploy(ctx, path)
	var compile *build.CompileError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &compile):
		d.failed(path, err)
		return nil, nil
	case err != nil:
		return nil, err
	}
	digest := short(r.Deployment.Plugin.String())
	types := strings.Join(r.Types(), ", ")
	was := d.digests[path]
	d.digests[path] = digest
	switch {
	case r.Unchanged:
		d.p.say("unchanged", "%s: plugin %s", types, digest)
	case was != "":
		d.p.say("swapped", "%s: plugin %s for %s (built in %s)", types, digest, was, r.Plugin.Elapsed.Round(10*time.Millisecond))
	default:
		d.p.say("deployed", "%s: plugin %s (%s, built in %s)", types, digest, size(r.Deployment.Size), r.Plugin.Elapsed.Round(10*time.Millisecond))
	}
	return r, nil
}

// failed tells why a plugin was not swapped.
func (d *developing) failed(path string, err error) {
	d.p.say("failed", "%s", strings.TrimRight(err.Error(), "\n"))
	if serves := d.digests[path]; serves != "" {
		d.p.say("", "plugin %s serves on; mend the source and save", serves)
	} else {
		d.p.say("", "nothing serves for %s yet; mend the source and save", path)
	}
}
