package cli

import "github.com/spf13/cobra"

// plugin is the parent of the commands for those who write plugins.
func (p *Program) plugin() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "Write, build, test and check plugins",
		Long: `Write, build, test and check plugins. A plugin is a .wasm file; eshost knows how to make it of a folder of Go, Rust,
AssemblyScript or C.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, sub := range []*cobra.Command{p.pluginNew(), p.pluginBuild(), p.pluginTest(), p.pluginCheck()} {
		usageArgs(sub)
		c.AddCommand(sub)
	}
	return c
}
