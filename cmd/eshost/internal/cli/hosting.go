package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/cmd/eshost/internal/build"
	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/deploy"
	"github.com/eshost/eshost/cmd/eshost/internal/server"
	"github.com/eshost/eshost/host"
)

// hosting is a host that `dev` or `serve` runs.
type hosting struct {
	p       *Program
	config  *config.Config
	logger  *slog.Logger
	server  *server.Server
	plugins *deploy.Set
	log     *devLog // of `dev`, unless a format was asked for; else nil
}

// open takes the address and the store, and starts a host without plugins.
func (f *configured) open(ctx context.Context) (*hosting, error) {
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	h := &hosting{p: f.p, config: c, logger: f.p.logger(&c.Log)}
	if f.quiet && c.Log.Format == "auto" {
		h.log = newDevLog(f.p.Err, level(&c.Log))
		h.logger = slog.New(h.log)
	}
	h.server, err = server.Open(ctx, c, h.logger, f.p.Version)
	if err != nil {
		return nil, err
	}
	o := &build.Options{Fetching: func(what string) { h.logger.Info("fetching", "what", what) }}
	if f.quiet {
		o = f.p.building()
		o.Quick = true
	}
	h.plugins = deploy.NewSet(h.server.Host(), build.New(o), host.DeployOptions{By: deploy.Who(), From: f.cmd.Name(), Force: f.quiet})
	return h, nil
}

// close stops the host within the configured time. err is why; it is not lost.
func (h *hosting) close(err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), h.config.HTTP.ShutdownTimeout)
	defer cancel()
	if stopped := h.server.Close(ctx); stopped != nil {
		err = errors.Join(err, fmt.Errorf("stop the host: %w", stopped))
	}
	return err
}

// begin deploys the plugin at the path, if it never was.
func (h *hosting) begin(ctx context.Context, path string) (*deploy.Result, error) {
	r, err := h.plugins.Start(ctx, path)
	if err != nil {
		return nil, err
	}
	switch l := h.logger.With("path", path, "plugin", r.Deployment.Plugin.String(), "types", r.Types); {
	case r.KeptBack:
		l.Warn("the plugin was deployed before, and what was deployed after it serves on: `eshost plugin deploy` makes it serve again")
	case r.Unchanged():
		l.Info("plugin serves since it was deployed")
	default:
		l.Info("plugin deployed", "deployment", r.Deployment.Seq, "bytes", r.Deployment.Size, "build", r.Plugin.Elapsed.Round(time.Millisecond).String())
	}
	return r, nil
}

// example is a command line that sends a command which the plugin knows.
func example(m *abi.Manifest) string {
	for _, t := range m.Types {
		if len(t.Commands) == 0 {
			continue
		}
		c := t.Commands[0]
		line := fmt.Sprintf("eshost send %s my-id %s", t.Name, c.Name)
		if len(c.Examples) > 0 {
			if text, err := abi.AppendJSON(nil, c.Examples[0]); err == nil {
				line += fmt.Sprintf(" '%s'", text)
			}
		}
		return line
	}
	return ""
}
