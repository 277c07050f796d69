package main

import (
	"testing"

	eshost "github.com/eshost/eshost/guest-sdk/go"
)

func TestAProofHasALimit(t *testing.T) {
	given(t, Shipped).
		When(Deliver{Proof: eshost.Some(make([]byte, 4097))}).ThenRejected("invalid", Invalid{"proof"}).
		When(Deliver{eshost.Some("Ada"), eshost.Some(make([]byte, 4096))}).
		Then(DeliveredEvent{now, eshost.Some("Ada"), eshost.Some(make([]byte, 4096))})
}
