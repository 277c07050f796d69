package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eshost/eshost/host"
)

func TestAFaultNamesTheEntityAndTheCommand(t *testing.T) {
	h := serve(t, nil, mischief(t))
	e := h.Entity("mischief", "a")
	for _, test := range []struct {
		name    string
		command host.Command
		begins  string
		never   string // what only the host's operator wants to know
	}{
		{"a command nobody knows", host.Command{Name: "nothing"}, `mischief/a: there is no command "nothing": mischief has add, look, refuse, `, "plugin"},
		{"a name that is none", host.Command{Name: "No Name"}, `mischief/a: there is no command "No Name": mischief has add, `, "plugin"},
		{"a payload that does not decode", host.Command{Name: "add", Payload: []byte{0xc3}}, "mischief/a, add: payload: ", "handle_command"},
		{"a handler that panics", host.Command{Name: "panic"}, "mischief/a, panic: handler panicked in handle_command of plugin ", "trapped"},
		{"a handler that ends its program", host.Command{Name: "exit"}, "mischief/a, exit: plugin trapped in handle_command of plugin ", "handle_command: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := e.Handle(t.Context(), test.command)
			var c *host.CommandError
			var f *host.Fault
			if !errors.As(err, &c) || !errors.As(err, &f) || c.Entity != e.ID() || c.Command != test.command.Name {
				t.Fatalf("error %#v, want a *host.CommandError with its *host.Fault", err)
			}
			if text := err.Error(); !strings.HasPrefix(text, test.begins) || strings.Contains(text, test.never) {
				t.Errorf("error %q, want %q..., and no %q", text, test.begins, test.never)
			}

			p := h.Pipe(1)
			if err := p.Send(t.Context(), e, test.command, nil); err != nil {
				t.Fatal(err)
			}
			a, receive := p.Receive(t.Context())
			if receive != nil {
				t.Fatal(receive)
			}
			if explained := e.Explain(test.command.Name, a.Err); explained.Error() != err.Error() {
				t.Errorf("through a pipe it is %q, want %q", explained, err)
			}
		})
	}
	if err := e.Explain("add", host.ErrMailboxFull); err != host.ErrMailboxFull {
		t.Errorf("another error became %v", err)
	}
}
