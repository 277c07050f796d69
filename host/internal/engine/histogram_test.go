package engine

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAHistogramCountsUpToAndWithEachBound(t *testing.T) {
	h := newHistogram("test_seconds", "Help.", 0.5, 1, 3) // up to 2, 4, 8, halved
	for _, n := range []uint64{0, 1, 2, 3, 4, 5, 8, 9, 1 << 63} {
		h.observe(n)
	}
	h.sum.Store(h.sum.Load() - 1<<63) // or the sum would not be exact
	if n := h.count(); n != 9 {
		t.Errorf("count %d, want 9", n)
	}
	const want = `# HELP eshost_test_seconds Help.
# TYPE eshost_test_seconds histogram
eshost_test_seconds_bucket{le="1"} 3
eshost_test_seconds_bucket{le="2"} 5
eshost_test_seconds_bucket{le="4"} 7
eshost_test_seconds_bucket{le="+Inf"} 9
eshost_test_seconds_sum 16
eshost_test_seconds_count 9
`
	if err := testutil.CollectAndCompare(h, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
