package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (p *Program) serve() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve [PATH...]",
		Short: "Serve plugins, as the configuration says",
		Long: `Serve the plugins at the paths, or those under "plugins" in the configuration: .wasm files, or source folders that
are built first. It begins to answer when all are deployed, and stops gracefully when it is interrupted or terminated.`,
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
		if len(paths) == 0 {
			return h.close(errors.New(`serve: no plugins: name .wasm files or source folders, or list them under "plugins" in the configuration`))
		}
		for _, path := range paths {
			if _, err := h.deploy(ctx, path); err != nil {
				return h.close(fmt.Errorf("serve: %w", err))
			}
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
