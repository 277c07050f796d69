//go:build !linux

package pgstore

import "net"

// dialer makes connections that notice when the other side is gone.
var dialer = net.Dialer{KeepAliveConfig: keepAlive}
