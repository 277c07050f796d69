package host

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/eshost/eshost/host/internal/entity"
	"github.com/eshost/eshost/stores"
)

// tracer makes spans of commands: one for the whole, and in it the time in
// the queue, in the decision and in the append. A nil tracer makes none, at no cost.
type tracer struct{ tracer trace.Tracer }

func newTracer(p trace.TracerProvider) *tracer {
	if p == nil {
		return nil
	}
	return &tracer{p.Tracer("github.com/eshost/eshost/host")}
}

// span is a command's span; nil when there is none.
type span struct {
	t    *tracer
	ctx  context.Context
	span trace.Span
}

// begin starts the span of a call, as a child of the span in its context or,
// failing that, of its traceparent.
func (t *tracer) begin(id stores.EntityID, c *entity.Call) *span {
	if t == nil {
		return nil
	}
	ctx := c.Ctx
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(c.Meta))
	}
	c.Times = new(entity.Times)
	s := &span{t: t}
	s.ctx, s.span = t.tracer.Start(ctx, "eshost.command "+id.Type+"/"+c.Name, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("eshost.type", id.Type), attribute.String("eshost.id", id.ID), attribute.String("eshost.command", c.Name)))
	c.Times.Posted = time.Now()
	return s
}

// end ends the span. times is nil when the call is still on its way.
func (s *span) end(times *entity.Times, err error) {
	if s == nil {
		return
	}
	if times != nil {
		s.child("queue", times.Posted, times.Taken)
		s.child("decide", times.Taken, times.Decided)
		s.child("append", times.Decided, times.Durable)
	}
	if err != nil {
		s.span.SetStatus(codes.Error, err.Error())
	}
	s.span.End()
}

// child makes a span of a part that began and ended.
func (s *span) child(name string, from, to time.Time) {
	if from.IsZero() || to.IsZero() {
		return
	}
	_, c := s.t.tracer.Start(s.ctx, name, trace.WithTimestamp(from))
	c.End(trace.WithTimestamp(to))
}
