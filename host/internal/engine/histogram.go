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
	h.buckets[h.bucket(n)].Add(1)
}

// bucket is the index of the bucket of an integer.
func (h *histogram) bucket(n uint64) int {
	return min(max(bits.Len64(max(n, 1)-1)-h.first, 0), len(h.buckets)-1)
}

// observations are what one goroutine observed, to be added to a histogram.
type observations struct {
	sum     uint64
	buckets [maxBuckets]uint64
	low     int // the first bucket that is not empty, and the one behind the last
	high    int
}

// maxBuckets is how many buckets a histogram has at most, the one of all that is above included.
const maxBuckets = 32

// observe notes an integer for the histogram that add is called with.
func (o *observations) observe(h *histogram, n uint64) {
	i := h.bucket(n)
	if o.high == 0 {
		o.low = i
	}
	o.low, o.high = min(o.low, i), max(o.high, i+1)
	o.sum += n
	o.buckets[i]++
}

// add adds observations, and empties them.
func (h *histogram) add(o *observations) {
	if o.high == 0 {
		return
	}
	h.sum.Add(o.sum)
	for i := o.low; i < o.high; i++ {
		if n := o.buckets[i]; n > 0 {
			h.buckets[i].Add(n)
		}
	}
	*o = observations{}
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
