package pgstore

import (
	"context"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// unacknowledged is how long sent bytes may go without an answer of the server's system before the connection ends.
const unacknowledged = 25 * time.Second

// dialer makes connections that notice when the other side is gone.
var dialer = net.Dialer{
	KeepAliveConfig: keepAlive,
	ControlContext: func(_ context.Context, network, _ string, c syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		var failed error
		if err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledged.Milliseconds()))
		}); err != nil {
			return err
		}
		return failed
	},
}
