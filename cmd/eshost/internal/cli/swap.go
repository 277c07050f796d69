package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/cmd/eshost/internal/deploy"
	"github.com/eshost/eshost/host"
)

// update builds the plugin at the path and swaps it in. A source that does not
// compile, or compiles to what cannot be loaded, is reported, and no error: its
// author is about to mend it.
func (d *developing) update(ctx context.Context, path string) (*deploy.Result, error) {
	d.p.say("building", "%s", path)
	r, err := d.deploy(ctx, path)
	var compile *build.CompileError
	var load *host.LoadError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &compile), errors.As(err, &load):
		return d.failed(ctx, path, err), nil
	case err != nil:
		return nil, err
	}
	d.deployed(path, r, fmt.Sprintf("built in %s", r.Plugin.Elapsed.Round(10*time.Millisecond)))
	d.refold(ctx, r)
	return r, nil
}

// deployed tells what serves now. how is how it came about.
func (d *developing) deployed(path string, r *deploy.Result, how string) {
	digest := short(r.Deployment.Plugin.String())
	types := r.Types()
	if r.Unchanged {
		d.p.say("unchanged", "%s: plugin %s", strings.Join(types, ", "), digest)
		return
	}
	var swapped, added, left []string
	was := d.serving[path]
	for _, t := range types {
		if slices.Contains(was.types, t) {
			swapped = append(swapped, t)
		} else {
			added = append(added, t)
		}
	}
	for _, t := range was.types {
		if !slices.Contains(types, t) {
			left = append(left, t)
		}
	}
	if len(swapped) > 0 {
		d.p.say("swapped", "%s: plugin %s for %s (%s)", strings.Join(swapped, ", "), digest, was.digest, how)
	}
	if len(added) > 0 {
		d.p.say("deployed", "%s: plugin %s (%s, %s)", strings.Join(added, ", "), digest, size(r.Deployment.Size), how)
	}
	if len(left) > 0 {
		d.p.say("left", "%s: plugin %s serves on, since what is at %s now does not declare it", strings.Join(left, ", "), was.digest, path)
	}
	d.serving[path] = served{digest, types}
}

// refold folds what is stored with a new plugin, and tells what it cannot fold.
func (d *developing) refold(ctx context.Context, r *deploy.Result) {
	if r.Unchanged {
		return
	}
	if d.log != nil { // what the host logs of it is said here
		d.log.muted.Store(true)
		defer d.log.muted.Store(false)
	}
	for _, t := range r.Types() {
		switch result, err := d.refolder.refold(ctx, t); {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.p.say("unknown", "whether the entities of type %s can be folded: %v", t, err)
		case result.failed > 0:
			d.p.say("unfolded", "%s", result)
		}
	}
}

// failed tells why a plugin was not swapped. Where none serves for the path yet,
// the one that was last built of it does from now on, if there is one.
func (d *developing) failed(ctx context.Context, path string, err error) *deploy.Result {
	d.p.say("failed", "%s", words(err))
	if was, ok := d.serving[path]; ok {
		d.p.say("", "plugin %s serves on; mend the source and save", was.digest)
		return nil
	}
	r, ok, err := d.plugins.DeployLast(ctx, path)
	if err != nil || !ok {
		d.p.say("", "nothing serves for %s yet; mend the source and save", path)
		return nil
	}
	d.deployed(path, r, "built of it before")
	d.p.say("", "it serves until the source is mended and saved")
	d.refold(ctx, r)
	return r
}
