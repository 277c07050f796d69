package host

import (
	"fmt"
	"strings"

	"github.com/eshost/eshost/stores"
)

// CommandError is a *Fault together with what was asked for: errors.As finds both.
type CommandError struct {
	Entity   stores.EntityID
	Command  string
	Commands []string // that the entity's type has, if it has not this one
	Fault    *Fault
}

// Error names the entity and the command first. Of a fault that is the
// caller's own it leaves out which plugin and function found it.
func (e *CommandError) Error() string {
	switch e.Fault.Kind {
	case UnknownCommand:
		has := "no commands"
		if len(e.Commands) > 0 {
			has = strings.Join(e.Commands, ", ")
		}
		return fmt.Sprintf("%s: there is no command %.80q: %s has %s", e.Entity, e.Command, e.Entity.Type, has)
	case BadPayload:
		if e.Fault.Message == "" {
			return fmt.Sprintf("%s, %s: the payload does not decode", e.Entity, e.Command)
		}
		return fmt.Sprintf("%s, %s: payload: %s", e.Entity, e.Command, e.Fault.Message)
	}
	return fmt.Sprintf("%s, %s: %v", e.Entity, e.Command, e.Fault)
}

// Unwrap returns the fault.
func (e *CommandError) Unwrap() error { return e.Fault }

// Explain gives a command's error as Handle does, where a pipe has left out
// which command to which entity it was. Other errors stay what they are.
func (e Entity) Explain(command string, err error) error {
	f, ok := err.(*Fault)
	if !ok {
		return err
	}
	c := &CommandError{Entity: e.id, Command: command, Fault: f}
	if f.Kind == UnknownCommand {
		c.Commands = e.h.commands(e.id.Type)
	}
	return c
}

// commands are the names of a type's commands, in the order of its plugin.
func (h *Host) commands(typ string) (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := h.serves[typ]; d != nil {
		for _, c := range d.manifest.Type(typ).Commands {
			names = append(names, c.Name)
		}
	}
	return names
}
