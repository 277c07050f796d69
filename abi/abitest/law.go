package abitest

import (
	"fmt"
	"strings"
)

// law is one law of the ABI.
type law struct {
	name string
	says string
	// blockedBy names laws without which this one cannot be judged.
	blockedBy []string
	// optional says why a law that nothing put to work may be passed over;
	// empty: it may not.
	optional string
	check    func(k *kit) // nil: it is judged by the way
}

// The names of laws, which stay.
const (
	lawLoads     = "loads"
	lawManifest  = "manifest"
	lawExercised = "exercised"
	lawAnswers   = "answers"
	lawPanics    = "panics"
	lawEvents    = "listed-events"
	lawCodes     = "listed-rejections"
	lawCanonical = "canonical"
	lawReply     = "reply"
	lawSchemas   = "schemas"
	lawState     = "state-schema"
	lawRepeat    = "repeatable"
	lawEmpty     = "empty"
	lawBatch     = "batch"
	lawFold      = "fold"
	lawTrace     = "no-trace"
	lawCommand   = "unknown-command"
	lawEvent     = "unknown-event"
	lawStrict    = "strict"
	lawForms     = "forms"
	lawNoPayload = "no-payload"
	lawSizes     = "sizes"
	lawMemory    = "memory"
)

// laws are all laws, in the order in which they are checked. Each one may lean
// on those before it.
func laws() []law {
	loads, repeat := []string{lawLoads, lawManifest}, []string{lawLoads, lawManifest, lawRepeat}
	return []law{
		{name: lawLoads, says: "it exports what a plugin has to, imports nothing that is not served, and starts", check: (*kit).loads},
		{name: lawManifest, says: "the manifest is valid, and the same bytes whenever it is asked for", blockedBy: loads[:1], check: (*kit).describes},
		{name: lawExercised, says: "every command has examples that decode, and was accepted or says why not; every type's events were folded", blockedBy: loads, check: (*kit).exercise},
		{name: lawAnswers, says: "every answer is well-formed, with one outcome for each command, and a state exactly when there are events", blockedBy: loads},
		{name: lawRepeat, says: "the same request gets the same bytes, from fresh and used instances, in any order", blockedBy: loads, check: (*kit).repeats},
		{name: lawEvents, says: "every event that is emitted is listed in the manifest", blockedBy: loads, optional: "no command emitted an event"},
		{name: lawCodes, says: "every rejection's code is listed, where a command lists codes", blockedBy: loads, optional: "no command that lists its codes rejected anything"},
		{name: lawReply, says: "a reply shows the state after the command's own events", blockedBy: loads, optional: "no reply repeats something of the state, so it was not seen which state they show", check: (*kit).replies},
		{name: lawCanonical, says: "events, replies, rejections and states are in the canonical form", blockedBy: loads},
		{name: lawSchemas, says: "examples, events and replies fit their JSON Schemas", blockedBy: loads, optional: "the manifest has no schemas of payloads"},
		{name: lawState, says: "states fit the state_schema that names their layout", blockedBy: loads, optional: "no state_schema is a JSON Schema"},
		{name: lawEmpty, says: "a request without events gives the initial state, or the state it came with; one without commands gives nothing", blockedBy: repeat, check: (*kit).empties},
		{name: lawBatch, says: "a batch gives what its commands give one by one", blockedBy: repeat, optional: "no two commands of a type were accepted one after the other", check: (*kit).batches},
		{name: lawFold, says: "folding events in one call, in pieces and one by one gives the state that deciding gave", blockedBy: repeat, optional: "no type has events", check: (*kit).folds},
		{name: lawTrace, says: "a command that is rejected or faulted leaves no trace in a batch", blockedBy: append(repeat, lawBatch), optional: "no command was rejected or faulted beside one that was accepted", check: (*kit).traces},
		{name: lawCommand, says: "an unknown command is a fault of kind 1, also between known ones", blockedBy: repeat, check: (*kit).unknownCommands},
		{name: lawEvent, says: "an unknown event is refused with kind 5 and its index", blockedBy: repeat, check: (*kit).unknownEvents},
		{name: lawStrict, says: "payloads, states and events of another type than the author's are refused", blockedBy: repeat, optional: "all payloads and states take any value, as their schemas say", check: (*kit).strictly},
		{name: lawForms, says: "every valid form of a value is taken like the canonical one", blockedBy: repeat, check: (*kit).inOtherForms},
		{name: lawNoPayload, says: "no payload reads like the empty map", blockedBy: repeat, check: (*kit).withoutPayload},
		{name: lawSizes, says: "requests of all sizes are taken: a batch of a MiB, a state of 16 MiB", blockedBy: loads, check: (*kit).sizes},
		{name: lawMemory, says: "memory stays flat over many calls", blockedBy: repeat, check: (*kit).memory},
		{name: lawPanics, says: "a trap brings a text that says why", blockedBy: loads, optional: "nothing trapped while the kit ran, so it was not seen whether a panic's text arrives"},
	}
}

// ledger keeps what is found out about a law.
type ledger struct {
	LawReport
	seen map[string]bool // findings that are kept already
}

// mostFindings bounds the failures of one law that are shown.
const mostFindings = 5

// held counts that a law was put to work.
func (k *kit) held(law string) { k.ledgers[law].Checks++ }

// fail records that a law was broken.
func (k *kit) fail(law string, f Finding) {
	l := k.ledgers[law]
	l.Checks++
	l.Failures++
	if key := strings.Join([]string{f.What, f.Type, f.Command, f.Event}, "\x00"); !l.seen[key] && len(l.Findings) < mostFindings {
		l.seen[key] = true
		l.Findings = append(l.Findings, f)
	}
}

// failed reports whether a law was broken so far.
func (k *kit) failed(law string) bool { return k.ledgers[law].Failures > 0 }

// blocked says which law keeps another from being judged; "": none.
func (k *kit) blocked(l *law) string {
	for _, name := range l.blockedBy {
		if k.failed(name) {
			return name
		}
	}
	return ""
}

// judge gives a law its status when all is done.
func (k *kit) judge(l *law) LawReport {
	r := &k.ledgers[l.name].LawReport
	r.Law, r.Says = l.name, l.says
	switch by := k.blocked(l); {
	case r.Failures > 0:
		r.Status = Failed
	case k.ended != "" && !k.done[l.name]:
		r.Status, r.Why = Blocked, k.ended
	case by != "":
		r.Status, r.Why = Blocked, fmt.Sprintf("it cannot be judged before %q holds", by)
	case r.Checks > 0:
		r.Status = Held
	case k.failed(lawAnswers):
		r.Status, r.Why = Blocked, fmt.Sprintf("it cannot be judged before %q holds", lawAnswers)
	case k.failed(lawExercised):
		r.Status, r.Why = Blocked, fmt.Sprintf("it cannot be judged before %q holds", lawExercised)
	case l.optional != "":
		r.Status, r.Why = NotApplicable, l.optional
	default:
		r.Status, r.Why = NotExercised, "nothing put it to work: give the commands examples, or JSON Schemas"
	}
	return *r
}

// note records what fails nothing.
func (k *kit) note(format string, a ...any) {
	k.report.Notes = append(k.report.Notes, fmt.Sprintf(format, a...))
}
