package natsstore_test

import (
	"testing"

	"github.com/eshost/eshost/stores/natsstore/natstest"
)

func TestSetupCanBeRepeatedAndHostsShareALog(t *testing.T) {
	s := connect(t, natstest.Start(t, nil).URL())
	o := s.options(t, "")
	a, b := open(t, o), open(t, o)
	if a.Info() != b.Info() {
		t.Errorf("one says %+v, the other %+v", a.Info(), b.Info())
	}
}
