package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageArgs makes a wrong number of arguments a usage error that names what is
// missing, or too much, and how the command is written.
func usageArgs(c *cobra.Command) {
	check := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) == nil {
			return nil
		}
		if cmd.HasSubCommands() {
			return &usageError{unknownCommand(cmd, args[0])}
		}
		return &usageError{fmt.Errorf("%s: %s", cmd.CommandPath(), wrongArgs(cmd, args))}
	}
}

// wrongArgs says what is wrong with the number of arguments. A command's Use
// line has the names of its arguments, those that may be left out in brackets.
func wrongArgs(cmd *cobra.Command, args []string) string {
	names := strings.Fields(cmd.Use)[1:]
	var missing []string
	for i, name := range names {
		if i >= len(args) && !strings.HasPrefix(name, "[") {
			missing = append(missing, strings.TrimSuffix(name, "..."))
		}
	}
	usage := strings.Join(append([]string{cmd.CommandPath()}, names...), " ")
	switch n := len(missing); {
	case n > 1:
		return fmt.Sprintf("%s and %s are missing: %s", strings.Join(missing[:n-1], ", "), missing[n-1], usage)
	case n == 1:
		return fmt.Sprintf("%s is missing: %s", missing[0], usage)
	}
	return fmt.Sprintf("%q is one argument too many: %s", args[len(names)], usage)
}

// suggestible is how many letters a word may be away from the one that was meant.
const suggestible = 2

// unknownCommand says that a command has no such one below it.
func unknownCommand(parent *cobra.Command, word string) error {
	parent.SuggestionsMinimumDistance = suggestible
	err := fmt.Errorf("unknown command %q for %q", word, parent.CommandPath())
	if meant := parent.SuggestionsFor(word); len(meant) > 0 {
		err = fmt.Errorf("%w (is %s meant?)", err, strings.Join(meant, " or "))
	}
	return err
}
