package server

import (
	"context"

	"github.com/eshost/eshost/cmd/eshost/internal/natsapi"
)

// connectNATS connects to the NATS server, if there is to be one.
func (s *Server) connectNATS() error {
	if s.config.NATS.URL == "" {
		return nil
	}
	var err error
	s.nats, err = natsapi.Connect(s.config.NATS.Server(), s.logger)
	return err
}

// serveNATS begins to take commands over NATS.
func (s *Server) serveNATS() {
	if s.nats == nil {
		return
	}
	n := &s.config.NATS
	var err error
	s.service, err = natsapi.Serve(s.host, s.nats, &natsapi.Options{Prefix: n.Prefix, Queue: n.Queue, InFlight: n.InFlight,
		InFlightBytes: n.InFlightBytes, MaxBodyBytes: int(s.config.HTTP.MaxBodyBytes), Logger: s.logger, Version: s.version})
	if err != nil {
		s.failed <- err
		return
	}
	s.logger.Info("serving over NATS", "url", s.nats.ConnectedUrlRedacted(), "subjects", n.Prefix+".command.>", "queue", n.Queue)
}

// drainNATS answers what came over NATS, and takes no more.
func (s *Server) drainNATS(ctx context.Context) error {
	if s.service == nil {
		return nil
	}
	return s.service.Close(ctx)
}
