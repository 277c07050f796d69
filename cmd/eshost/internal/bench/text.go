package bench

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/eshost/eshost/cmd/eshost/internal/storeurl"
)

// barWidth is the length of the bar of the largest rate of the host and of bare Pebble.
const barWidth = 30

// report is a table being written.
type report struct{ bytes.Buffer }

func (t *report) line(format string, args ...any) {
	fmt.Fprintf(t, format+"\n", args...)
}

func (t *report) row(name, value, note string) {
	t.line("%s", strings.TrimRight(fmt.Sprintf("  %-24s %14s  %s", name, value, note), " "))
}

// Text writes the report for people. Rates come with a bar, and beside the ceilings of the same run.
func (r *Result) Text(w io.Writer) error {
	t := new(report)
	t.line("%s, %s", r.workload(), r.options())
	t.line("plugin %s, %s", r.pluginName(), bytesOf(int64(r.PluginBytes)))
	t.line("%s", r.machine())
	t.line("durable: %s", r.Durability)
	if r.Store == storeurl.Pebble && r.FileSystem == memoryFileSystem {
		t.line("ATTENTION: the folder is in memory (%s), where nothing is durable: name one on a disk", memoryFileSystem)
	}
	r.rates(t)
	r.latencies(t)
	r.details(t)
	_, err := w.Write(t.Bytes())
	return err
}

func (r *Result) workload() string {
	s := fmt.Sprintf("%s entities x %s events", count(int64(r.Entities)), count(int64(r.Events)))
	if r.Entities == 1 {
		s = fmt.Sprintf("1 entity x %s events", count(int64(r.Events)))
	}
	switch {
	case r.Rate > 0:
		return fmt.Sprintf("%s, %s commands sent a second to entities drawn at random", s, count(int64(r.Rate)))
	case r.Concurrency > 0:
		return fmt.Sprintf("%s, %s commands in flight to entities drawn at random", s, count(int64(r.Concurrency)))
	default:
		return fmt.Sprintf("%s, %s in flight each", s, count(int64(r.Inflight)))
	}
}

func (r *Result) options() string {
	s := "no snapshots"
	if r.Snapshots > 0 {
		s = "snapshots every " + count(int64(r.Snapshots)) + " events"
	}
	if r.CommandIDs {
		s += ", command ids"
	}
	if r.Setup != "" {
		s += ", each set up with " + r.Setup
	}
	return s
}

func (r *Result) machine() string {
	s := fmt.Sprintf("%s %s/%s, %d processors", r.GoVersion, r.OS, r.Arch, r.CPUs)
	if r.FileSystem != "" {
		s += ", " + r.FileSystem
	}
	if r.ClientKind == kindCalls {
		return s + ", one goroutine calls and waits"
	}
	if r.Clients == 1 {
		return s + ", one goroutine sends and takes completions"
	}
	return s + fmt.Sprintf(", %d goroutines send and take completions", r.Clients)
}

func (r *Result) pluginName() string {
	if r.Plugin == "" {
		return "without a name"
	}
	return r.Plugin
}

// rates compares the host with the ceilings.
func (r *Result) rates(t *report) {
	largest := max(r.CommandsPerSecond, r.BarePerSecond, r.ColdCommandsPerSecond, r.BareColdPerSecond)
	rate := func(name string, v float64, note string) {
		if v > 0 {
			t.row(name, count(int64(v))+"/s", bar(v/largest)+"  "+note)
		}
	}
	part := fmt.Sprintf("%s in %.2f s", count(r.Commands), r.RunSeconds)
	t.line("\nCommands")
	if r.Concurrency > 0 {
		part += ", entities warm"
	}
	rate("host", r.CommandsPerSecond, part)
	bare := fmt.Sprintf("the host is at %.2f of it", r.RatioToBare)
	if r.LoneP50 > 0 {
		bare += ", measured in turns"
	}
	rate(r.bareName(), r.BarePerSecond, bare)
	rate("raw disk", r.RawDiskPerSecond, fmt.Sprintf("%s syncs/s of %s, each with the host's %.1f commands", count(int64(r.RawSyncsPerSecond)), bytesOf(int64(r.BytesPerWrite)), r.CommandsPerWrite))
	if r.Concurrency > 0 {
		rate("host, cold", r.ColdCommandsPerSecond, fmt.Sprintf("first command of each entity; %.2f of warm", r.ColdToWarm))
		rate(r.bareName()+", cold", r.BareColdPerSecond, fmt.Sprintf("the host is at %.2f of it", r.ColdRatioToBare))
	}
	t.line("\nRecovery, every entity from the log by a new host")
	t.row("events", count(int64(r.RecoveryEventsPerSecond))+"/s", fmt.Sprintf("%s folded in %.2f s, %.0f ns each in the guest", count(int64(r.RecoveredEvents)), r.RecoverySeconds, r.RecoveryGuestNSPerEvent))
}

func (r *Result) latencies(t *report) {
	from := "from sending to the answer"
	if r.Rate > 0 {
		from = "from when a command was due to its answer"
	}
	t.line("\nLatency, %s", from)
	t.line("  %-24s %12s %12s %12s", "", "p50", "p99", "max")
	row := func(name string, p50, p99, most float64) {
		if p50 > 0 {
			t.line("  %-24s %12s %12s %12s", name, timeOf(p50), timeOf(p99), timeOf(most))
		}
	}
	row("host", r.P50, r.P99, r.Max)
	if r.Concurrency > 0 {
		row("host, cold", r.ColdP50, r.ColdP99, r.ColdMax)
	}
	row(r.bareName(), r.BareP50, r.BareP99, r.BareMax)
	if r.LoneP50 > 0 {
		t.line("  %-24s %12s  in turns with %s: %.2f times its p50", "host, in turns", timeOf(r.LoneP50), r.bareName(), r.LoneToBare)
	}
	if r.FdatasyncP50 > 0 {
		t.line("  %-24s %12s  of a file that grows: %s", "fdatasync", timeOf(r.FdatasyncP50), timeOf(r.FdatasyncGrowP50))
	}
}

func (r *Result) details(t *report) {
	t.line("\nInside the host")
	t.row("guest, per command", fmt.Sprintf("%.0f ns", r.GuestNSPerCommand), "the call and what surrounds it")
	t.row("commands per guest call", fmt.Sprintf("%.1f", r.CommandsPerGuestCall), "")
	t.row("commits per write", fmt.Sprintf("%.1f", r.CommitsPerWrite), "")
	if r.PeakRSSBytes > 0 {
		t.row("peak memory", bytesOf(r.PeakRSSBytes), "of the process, before the ceilings")
	}
}

// bar is a bar of the length that the share has; one that is too long says so.
func bar(share float64) string {
	n := int(share*barWidth + 0.5)
	if n > barWidth {
		return strings.Repeat("#", barWidth-2) + ">>"
	}
	return strings.Repeat("#", n) + strings.Repeat(".", barWidth-n)
}

// count writes a number with commas between the thousands.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func bytesOf(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}

// timeOf writes microseconds.
func timeOf(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.2f s", us/1e6)
	case us >= 10e3:
		return fmt.Sprintf("%.1f ms", us/1e3)
	case us >= 100:
		return fmt.Sprintf("%.0f us", us)
	default:
		return fmt.Sprintf("%.1f us", us)
	}
}
