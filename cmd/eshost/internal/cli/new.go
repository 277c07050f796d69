package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/build"
)

func (p *Program) pluginNew() *cobra.Command {
	var typ string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin to begin with",
		Long:  "Write a new plugin in Go, with its tests, into a folder that is empty or not there. It is a counter: make it yours.",
		Args:  cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&typ, "type", "", "the entity type it declares (default: the folder's name)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if typ == "" {
			abs, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			typ = filepath.Base(abs)
		}
		files, err := build.New(nil).Scaffold(args[0], typ)
		if err != nil {
			return err
		}
		for _, f := range files {
			fmt.Fprintf(p.Out, "wrote     %s\n", f)
		}
		fmt.Fprintf(p.Out, "next      eshost dev %s\n", args[0])
		return nil
	}
	return c
}
