package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/config"
	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
	"github.com/eshost/eshost/host/client"
)

// overNATS connects to the NATS server of --nats. The rest is the configuration's, as
// the host's is, so that secrets are in no list of processes.
func (r *remote) overNATS() (*client.Client, func(), error) {
	settings, err := config.Load(config.Sources{File: r.p.variable("ESHOST_CONFIG"), Env: r.p.Env})
	if err != nil {
		return nil, nil, err
	}
	if err := natsapi.CheckURL(r.nats); err != nil {
		return nil, nil, &usageError{fmt.Errorf("--nats: %w", err)}
	}
	server := settings.NATS.Server()
	server.URL = r.nats
	nc, err := natsapi.Connect(server, slog.New(slog.DiscardHandler))
	var failed *natsapi.ConnectError
	switch {
	case errors.As(err, &failed) && failed.Unreachable():
		return nil, nil, fmt.Errorf("%w: %w", client.ErrUnreachable, err)
	case err != nil:
		return nil, nil, err
	}
	first, _, _ := strings.Cut(r.nats, ",") // stands for all of them in messages
	c, err := client.New(first, &client.Options{HTTPClient: &http.Client{Transport: &natsapi.Transport{Conn: nc, Prefix: settings.NATS.Prefix}}})
	return c, nc.Close, err
}
