package engine

import (
	"math/bits"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// histogram counts integers in buckets that double, each up to and with a
// power of two. Every guest call is observed, so it must cost next to nothing.
type histogram struct {
	desc  *prometheus.Desc
	scale float64 // what is shown is the integer times this

	sum     atomic.Uint64
	first   int             // the first bucket is up to 1<<first
	buckets []atomic.Uint64 // each up to twice the one before; the last: all that is above
}

// newHistogram returns a histogram of n buckets, the first up to 1<<first times scale.
func newHistogram(name, help string, scale float64, first, n int) *histogram {
	return &histogram{desc: prometheus.NewDesc(prometheus.BuildFQName("eshost", "", name), help, nil, nil), scale: scale,
		first: first, buckets: make([]atomic.Uint64, n+1)}
}

// count is how many integers were observed.
func (h *histogram) count() (n uint64) {
	for i := range h.buckets {
		n += h.buckets[i].Load()
	}
	return n
}

func (h *histogram) observe(n uint64) {
	h.sum.Add(n)
	i := bits.Len64(max(n, 1)-1) - h.first
	h.buckets[min(max(i, 0), len(h.buckets)-1)].Add(1)
}

// Describe implements prometheus.Collector.
func (h *histogram) Describe(to chan<- *prometheus.Desc) { to <- h.desc }

// Collect implements prometheus.Collector.
func (h *histogram) Collect(to chan<- prometheus.Metric) {
	buckets, count := make(map[float64]uint64, len(h.buckets)), uint64(0)
	for i := range h.buckets {
		count += h.buckets[i].Load()
		if i < len(h.buckets)-1 { // what is above belongs to +Inf
			buckets[float64(uint64(1)<<(h.first+i))*h.scale] = count
		}
	}
	to <- prometheus.MustNewConstHistogram(h.desc, count, float64(h.sum.Load())*h.scale, buckets)
}
