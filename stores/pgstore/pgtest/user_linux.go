package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// credential is whom the server runs as: it refuses to run as root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, bad := strconv.ParseUint(u.Uid, 10, 32)
		gid, wrong := strconv.ParseUint(u.Gid, 10, 32)
		if bad == nil && wrong == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("a server refuses to run as root, and there is neither a user postgres nor nobody to run it as")
}

// own gives the folder to whom the server runs as.
func own(dir string) error {
	c, err := credential()
	if err != nil || c == nil {
		return err
	}
	return os.Chown(dir, int(c.Uid), int(c.Gid))
}

// command is a command that runs as an unprivileged user and dies with this process.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	c, _ := credential() // own has found it
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c, Pdeathsig: syscall.SIGQUIT}
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// childrenOf returns the processes that a process has started.
func childrenOf(pid int) (all []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for s := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(s); err == nil {
			all = append(all, child)
		}
	}
	return all
}
