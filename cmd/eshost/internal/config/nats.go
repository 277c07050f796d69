package config

import (
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
)

// NATSAPI is how commands come over NATS. It is the host's and that of `eshost send --nats`.
type NATSAPI struct {
	URL           string `koanf:"url"`                    // of the servers; empty: commands do not come over NATS
	Prefix        string `koanf:"prefix"`                 // what the subjects begin with
	Queue         string `koanf:"queue"`                  // the group of hosts of which each message goes to one
	InFlight      int    `koanf:"in_flight"`              // requests that are taken up and not answered, at most
	InFlightBytes int64  `koanf:"in_flight_bytes"`        // of them
	Credentials   string `koanf:"credentials"`            // a .creds file; empty: none
	User          string `koanf:"user"`                   // empty: none
	Password      string `koanf:"password" secret:"true"` // empty: none
	Token         string `koanf:"token" secret:"true"`    // empty: none
	CA            string `koanf:"ca"`                     // a PEM file of the authorities that are trusted; empty: the system's
	Certificate   string `koanf:"certificate"`            // a PEM file to be known by; empty: none
	Key           string `koanf:"key"`                    // of the certificate
}

// Server says where the NATS server is.
func (n *NATSAPI) Server() *natsapi.Server {
	return &natsapi.Server{URL: n.URL, Credentials: n.Credentials, User: n.User, Password: n.Password, Token: n.Token,
		CA: n.CA, Certificate: n.Certificate, Key: n.Key}
}

// checkNATS looks at what could not be served, or only seems to be.
func (c *Config) checkNATS(wrong func(key, format string, a ...any)) {
	n := &c.NATS
	if n.URL != "" {
		if err := natsapi.CheckURL(n.URL); err != nil {
			wrong("nats/url", "%v", err)
		}
	}
	if why := natsapi.CheckPrefix(n.Prefix); why != "" {
		wrong("nats/prefix", "%q: %s", n.Prefix, why)
	}
	if n.Queue == "" || strings.ContainsAny(n.Queue, " \t\r\n*>") {
		wrong("nats/queue", "%q: want a word", n.Queue)
	}
	for key, secret := range map[string]string{"nats/password": n.Password, "nats/token": n.Token} {
		if secret == redacted {
			wrong(key, "%q is what `eshost config` prints in the place of a secret: put the secret there", redacted)
		}
	}
	if (n.Certificate == "") != (n.Key == "") {
		wrong("nats/key", "nats.certificate and nats.key go together")
	}
}
