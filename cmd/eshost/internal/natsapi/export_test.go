package natsapi

// What the tests reach into the package for.
type (
	Backend = backend
	Pending = pending
)

var ServeOver = serve

// Count is the number of requests in flight.
func (s *Service) Count() int64 { return s.inFlight.count() }

// Subscribed is the number of subscriptions the service has.
func (s *Service) Subscribed() int { return s.nc.NumSubscriptions() - s.others }
