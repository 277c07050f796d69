package cli

import "github.com/spf13/cobra"

// plugin is the parent of the commands for those who write and deploy plugins.
func (p *Program) plugin() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Write, build, test, check and deploy plugins",
		Long: `Write, build, test and check plugins, and deploy them to a running host. A plugin is a .wasm file; eshost knows how to make it of a
folder of Go, Rust, AssemblyScript or C.

The exit code is 0 if all went well, 1 if it did not, and 2 if the command line makes no sense. Of ` + "`check`" + `, 3 says that it could not be
finished. Of ` + "`deploy`" + ` and ` + "`rollback`" + `, 4 says that the plugin cannot fold all events in the log, and 5 that another deployment
came first, or that the plan is out of date; after either, what served before serves on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{p.pluginNew(), p.pluginBuild(), p.pluginTest(), p.pluginCheck(),
		p.pluginDeploy(), p.pluginRollback(), p.pluginList(), p.pluginHistory(), p.pluginShow(), p.pluginDiff()} {
		usageArgs(sub)
		c.AddCommand(sub)
	}
	return c
}
