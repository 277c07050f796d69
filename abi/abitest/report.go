package abitest

// Status is what became of a law.
type Status string

// The statuses. Failed and NotExercised fail the plugin.
const (
	Held          Status = "held"
	Failed        Status = "failed"
	NotExercised  Status = "not exercised"  // nothing put it to work: it is not held
	NotApplicable Status = "not applicable" // the plugin has nothing that it speaks of
	Blocked       Status = "blocked"        // another law's failure keeps it from being judged
)

// Report is what a check found.
type Report struct {
	Digest     string       `json:"digest"` // SHA-256 of the plugin, in hex
	SizeBytes  int          `json:"size_bytes"`
	SDK        string       `json:"sdk,omitempty"` // what the manifest says it was built with
	OK         bool         `json:"ok"`            // the opposite of Failed
	Seed       uint64       `json:"seed"`
	GuestCalls int          `json:"guest_calls"`
	Laws       []LawReport  `json:"laws"`
	Types      []TypeReport `json:"types"`
	Notes      []string     `json:"notes,omitempty"` // what a person should know, though it fails nothing
	Aborted    string       `json:"aborted,omitempty"`
}

// LawReport is what became of one law.
type LawReport struct {
	Law      string    `json:"law"`  // its name, for programs
	Says     string    `json:"says"` // the law, in a sentence
	Status   Status    `json:"status"`
	Why      string    `json:"why,omitempty"`      // where it is neither held nor failed
	Checks   int       `json:"checks"`             // how often it was put to work
	Findings []Finding `json:"findings,omitempty"` // the first few failures
	Failures int       `json:"failures,omitempty"` // all of them
}

// Finding is one failure of a law.
type Finding struct {
	What    string  `json:"what"`              // what was wrong
	Type    string  `json:"type,omitempty"`    // of the entity
	Command string  `json:"command,omitempty"` // if it concerns one
	Event   string  `json:"event,omitempty"`   // if it concerns one
	Request Message `json:"request,omitzero"`
	Answer  Message `json:"answer,omitzero"`
	Want    string  `json:"want,omitempty"` // what was expected
	Do      string  `json:"do,omitempty"`   // how to mend it
}

// Message is a request or an answer.
type Message struct {
	Text string `json:"text"` // for people; payloads in their JSON form
	Hex  string `json:"hex"`  // the bytes; long ones are cut, with "..." where bytes are left out
}

// TypeReport says how an entity type was exercised.
type TypeReport struct {
	Type     string          `json:"type"`
	Commands []CommandReport `json:"commands"`
	Events   []EventReport   `json:"events"`
	States   int             `json:"states"` // different ones that were reached
}

// CommandReport counts what became of a command's examples, in the states that
// were reached.
type CommandReport struct {
	Command  string `json:"command"`
	Examples int    `json:"examples"`
	Made     bool   `json:"made,omitempty"` // the examples are made from its schema
	Accepted int    `json:"accepted"`
	Rejected int    `json:"rejected"`
	Faulted  int    `json:"faulted"` // traps too
}

// EventReport counts how often an event was emitted.
type EventReport struct {
	Event   string `json:"event"`
	Version uint32 `json:"version"`
	Emitted int    `json:"emitted"`
	Folded  bool   `json:"folded"` // it was folded, be it one that was made from its schema
}

// Failed reports whether the plugin is not conformant: a law failed or was not
// put to work, or the check could not be finished.
func (r *Report) Failed() bool {
	if r.Aborted != "" {
		return true
	}
	for i := range r.Laws {
		if s := r.Laws[i].Status; s != Held && s != NotApplicable {
			return true
		}
	}
	return false
}

// Law gives what became of the law of that name, or nil.
func (r *Report) Law(name string) *LawReport {
	for i := range r.Laws {
		if r.Laws[i].Law == name {
			return &r.Laws[i]
		}
	}
	return nil
}
