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

// update builds the plugin at the path and deploys it in one of the ways that there are. A source that does not
// compile, or compiles to what cannot be loaded, is reported, and no error: its
// author is about to mend it.
func (d *developing) update(ctx context.Context, path string, how func(context.Context, string) (*deploy.Result, error)) (*deploy.Result, error) {
	d.p.say("building", "%s", path)
	r, err := how(ctx, path)
	var compile *build.CompileError
	var load *host.LoadError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &compile), errors.As(err, &load):
		d.failed(path, err)
		return nil, nil
	case err != nil:
		return nil, err
	}
	d.deployed(path, r)
	began := d.serving[path] == nil
	d.serving[path] = r
	if began || !r.Unchanged() {
		d.refold(ctx, r)
	}
	return r, nil
}

// deployed tells what serves now.
func (d *developing) deployed(path string, r *deploy.Result) {
	digest, how := short(r.Deployment.Plugin.String()), fmt.Sprintf("built in %s", r.Plugin.Elapsed.Round(10*time.Millisecond))
	if r.Unchanged() {
		d.p.say("unchanged", "%s: plugin %s", strings.Join(r.Types, ", "), digest)
		return
	}
	var swapped, former, added []string
	for _, t := range r.Types {
		was, served := r.Before[t]
		switch name := short(was.String()); {
		case !served:
			added = append(added, t)
		case was != r.Deployment.Plugin:
			swapped = append(swapped, t)
			if !slices.Contains(former, name) {
				former = append(former, name)
			}
		}
	}
	if r.KeptBack {
		d.p.say("kept", "%s: plugin %s serves on, which was deployed after %s, the one that %s makes: save a change to swap it",
			strings.Join(swapped, ", "), strings.Join(former, ", "), digest, path)
		return
	}
	if len(swapped) > 0 {
		d.p.say("swapped", "%s: plugin %s for %s (%s)", strings.Join(swapped, ", "), digest, strings.Join(former, ", "), how)
	}
	if len(added) > 0 {
		d.p.say("deployed", "%s: plugin %s (%s, %s)", strings.Join(added, ", "), digest, size(r.Deployment.Size), how)
	}
	if left, was := d.left(path, r); len(left) > 0 {
		d.p.say("left", "%s: plugin %s serves on, since what is at %s now does not declare it", strings.Join(left, ", "), was, path)
	}
}

// left are the types that what the path made last declared, and what it makes now does not, and the plugin that serves them.
func (d *developing) left(path string, r *deploy.Result) (left []string, digest string) {
	was := d.serving[path]
	if was == nil {
		return nil, ""
	}
	for _, t := range was.Types {
		if !slices.Contains(r.Types, t) {
			left = append(left, t)
		}
	}
	return left, short(was.Deployment.Plugin.String())
}

// refold folds what is stored with a new plugin, and tells what it cannot fold.
func (d *developing) refold(ctx context.Context, r *deploy.Result) {
	if d.log != nil { // what the host logs of it is said here
		d.log.muted.Store(true)
		defer d.log.muted.Store(false)
	}
	for _, t := range r.Types {
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

// failed tells why a plugin was not swapped, and what serves on: its types, or when dev begins
// all that was deployed on the store before.
func (d *developing) failed(path string, err error) {
	d.p.say("failed", "%s", words(err))
	was, serves := d.serving[path], false
	for _, s := range d.server.Host().Deployments() {
		types := slices.DeleteFunc(s.Types, func(t string) bool { return was != nil && !slices.Contains(was.Types, t) })
		if len(types) > 0 {
			serves = true
			d.p.say("", "%s: plugin %s serves on; mend the source and save", strings.Join(types, ", "), short(s.Plugin.String()))
		}
	}
	if !serves {
		d.p.say("", "nothing serves for %s yet; mend the source and save", path)
	}
}
