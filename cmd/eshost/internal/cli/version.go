package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/abi"
)

func (p *Program) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return printJSON(p.Out, map[string]string{"version": p.Version, "abi": abiVersion, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
			}
			_, err := fmt.Fprintf(p.Out, "eshost %s (ABI %s, %s, %s/%s)\n", p.Version, abiVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// abiVersion is the version of the contract with plugins.
var abiVersion = fmt.Sprintf("%d.%d", abi.Major, abi.Minor)
