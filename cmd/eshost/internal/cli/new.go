package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eshost/eshost/cmd/eshost/internal/sdk"
)

func (p *Program) pluginNew() *cobra.Command {
	var language, typ string
	c := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new plugin to begin with",
		Long: `Write a new plugin, with its tests and scenarios, into a folder that is empty or not there. It is a counter: make it yours.
The SDK comes with it, out of this program.`,
		Example: `  eshost plugin new my-orders
  eshost plugin new my-orders --lang rust`,
		Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&language, "lang", "go", "the language: "+strings.Join(sdk.Languages, ", "))
	c.Flags().StringVar(&typ, "type", "", "the entity type it declares (default: the folder's name)")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if !slices.Contains(sdk.Languages, language) {
			return &usageError{fmt.Errorf("--lang %s: there is %s", language, strings.Join(sdk.Languages, ", "))}
		}
		dir := args[0]
		if dir == "" {
			return &usageError{errors.New("the plugin has no name: name the folder to write it into")}
		}
		if typ == "" {
			abs, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			typ = filepath.Base(abs)
		}
		files, err := p.builder().Scaffold(dir, language, typ)
		if err != nil {
			return err
		}
		kit := filepath.Join(dir, "sdk")
		ofKit := 0
		for _, f := range files {
			if strings.HasPrefix(f, kit+string(filepath.Separator)) {
				ofKit++
				continue
			}
			p.say("wrote", "%s", f)
		}
		if ofKit > 0 {
			p.say("wrote", "%s, the SDK of %d files", kit, ofKit)
		}
		p.say("next", "eshost dev %s", shellWord(dir))
		return nil
	}
	return c
}

// shellWord is a path as a shell takes it for one word.
func shellWord(path string) string {
	if !strings.ContainsAny(path, " \t\n'\"\\`$&|;<>()[]{}*?!~#") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
