package host_test

import (
	"bytes"
	"testing"

	"github.com/eshost/eshost/abi"
	"github.com/eshost/eshost/host"
)

func TestAPluginThatRemembersIsFoundByItsAudit(t *testing.T) {
	for name, share := range map[string]float64{"each call": 1, "half of them": 0.5, "none": -1} {
		t.Run(name, func(t *testing.T) {
			h := serve(t, &host.Options{AuditShare: share}, mischief(t))
			const commands = 300
			last := uint64(0)
			for range commands {
				last = accepted(t, h.Entity("mischief", "a"), host.Command{Name: "remember"}).Seq
			}
			a := h.Audits()[0]
			if a.Plugin != h.Deployments()[0].Plugin {
				t.Errorf("audit of %s", a.Plugin)
			}
			switch {
			case share < 0:
				if a.Audited != 0 || a.Differences != 0 {
					t.Errorf("%+v", a)
				}
				return
			case share == 1 && a.Audited < commands, share == 0.5 && (a.Audited < commands/4 || a.Audited > commands*3/4):
				t.Errorf("%d calls were audited", a.Audited)
			}
			if a.Differences == 0 || a.Differences > a.Audited || len(a.Examples) != 8 {
				t.Fatalf("%d differences, %d examples", a.Differences, len(a.Examples))
			}
			d := a.Examples[0]
			if d.Func != abi.ExportHandleCommand || d.Entity != h.Entity("mischief", "a").ID() || d.Seq >= last || d.Err != nil || d.Time.IsZero() || bytes.Equal(d.First, d.Second) {
				t.Errorf("%+v", d)
			}
			for _, b := range [][]byte{d.First, d.Second} {
				var answer abi.CommandAnswer
				if err := answer.Decode(b, nil); err != nil || len(answer.Events) != 1 {
					t.Errorf("answer %x: %v", b, err)
				}
			}
		})
	}
}
