package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/eshost/eshost/cmd/eshost/internal/wire"
)

// refuse answers the request with a problem.
func refuse(w http.ResponseWriter, p *wire.Problem) {
	h := w.Header()
	if p.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.Retry/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="eshost"`)
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Seq != nil {
		h.Set("ETag", wire.ETag(*p.Seq))
	}
	e := wire.NewEncoder(false)
	defer e.Free()
	wire.AppendProblem(e, p)
	respond(w, e, p.Status, wire.MediaProblem)
}

// respond sends what was appended as the whole answer.
func respond(w http.ResponseWriter, e *wire.Encoder, status int, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(e.Bytes)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(e.Bytes) // a client that is gone needs no answer
}

// send is respond in the encoder's own format.
func send(w http.ResponseWriter, e *wire.Encoder) {
	w.Header().Set("Vary", "Accept")
	respond(w, e, http.StatusOK, e.MediaType())
}
