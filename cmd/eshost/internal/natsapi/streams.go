package natsapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// checkStreams refuses subjects that a stream takes too: who sends a command would then
// be given the stream's acknowledgement for an answer, before the host's.
func (s *Service) checkStreams() error {
	js, err := jetstream.New(s.nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, connectTimeout)
	defer cancel()
	for _, endpoint := range []string{commandEndpoint, stateEndpoint} {
		subjects := s.o.Prefix + "." + endpoint + ".>"
		switch name, err := js.StreamNameBySubject(ctx, subjects); {
		case err == nil:
			return fmt.Errorf("the stream %s takes %s too, and its acknowledgements would be taken for answers: choose another nats.prefix, or give the stream other subjects", name, subjects)
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			// There is no JetStream, or it is not for us to ask.
			s.o.Logger.Debug("whether a stream takes the subjects of commands is not known", "subjects", subjects, "error", err)
			return nil
		}
	}
	return nil
}
