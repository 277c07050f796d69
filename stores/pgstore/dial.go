package pgstore

import (
	"net"
	"time"
)

// keepAlive finds out within half a minute that nobody is at the other end of an idle connection.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}
