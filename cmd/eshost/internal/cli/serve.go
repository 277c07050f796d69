package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *Program) serve() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve [PATH...]",
		Short: "Serve what is deployed, as the configuration says",
		Long: `Serve the plugins that are deployed on the store, and those that come. The plugins at the paths, or those under "plugins" in the
configuration, are deployed at the start if that was never done: .wasm files, or source folders that are built first. One that was
deployed before changes nothing: what was deployed after it serves on.

It begins to answer when all serve, and stops gracefully when it is interrupted or terminated.`,
		Args: cobra.ArbitraryArgs,
	}
	f := p.configured(c)
	c.RunE = func(cmd *cobra.Command, paths []string) error {
		ctx := cmd.Context()
		h, err := f.open(ctx)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			paths = h.config.Plugins
		}
		for _, path := range paths {
			if _, err := h.begin(ctx, path); err != nil {
				return h.close(fmt.Errorf("serve: %w", err))
			}
		}
		if len(h.server.Host().Types()) == 0 {
			h.logger.Warn("no plugin serves yet: deploy one with `eshost plugin deploy`")
		}
		h.server.Serve()
		h.logger.Info("serving", "url", h.server.URL(), "data", h.server.Stores().String(), "version", p.Version)
		select {
		case <-ctx.Done():
			h.logger.Info("stopping", "within", h.config.HTTP.ShutdownTimeout.String())
			return h.close(nil)
		case err := <-h.server.Failed():
			return h.close(err)
		}
	}
	return c
}
