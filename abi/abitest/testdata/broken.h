// What the guest in broken.c does wrong: one thing, by which one law of the conformance kit must fail and no other. Compiled with
// -DBROKEN=NOTHING it does nothing wrong.

#define NOTHING              0
#define MISSING_EXPORT       1 // there is no handle_event
#define WRONG_SIGNATURE      2 // alloc takes 64 bits
#define FORBIDDEN_IMPORT     3 // it imports a clock
#define PROGRAM              4 // it exports _start
#define CHANGING_MANIFEST    5 // describe counts how often it is asked
#define INVALID_MANIFEST     6 // a command has no name
#define NO_EXAMPLES          7 // and no schemas
#define NEVER_ACCEPTED       8 // clear rejects always, and lists no code
#define WRONG_OUTCOME_COUNT  9 // the last outcome of a batch is not there
#define STATE_WITHOUT_EVENTS 10
#define HIDDEN_COUNTER       11 // replies count the calls
#define LEFTOVER_STATE       12 // without a state, that of the call before is taken
#define UNLISTED_EVENT       13
#define UNLISTED_REJECTION   14
#define UNSORTED_MAP         15
#define LONG_INTEGER         16
#define FLOAT_OF_32_BITS     17
#define FIELD_ORDER          18
#define NIL_FIELD            19 // an absent field is nil
#define DUPLICATE_KEY        20
#define WRONG_REPLY          21 // a reply is not what its schema says
#define CHANGED_LAYOUT       22 // of the state, under the old state_schema
#define NO_EMPTY_FOLD        23 // without events the initial state is given, whatever the state
#define NO_EMPTY_BATCH       24 // without commands nothing is decided
#define SAME_STATE_FOR_ALL   25 // each command of a batch is decided against the request's state
#define LAST_EVENT_ONLY      26 // is folded
#define MUTATE_THEN_REJECT   27
#define FAULT_FOR_ALL        28 // one payload that does not decode is a fault of the whole batch
#define UNKNOWN_FOR_ALL      29 // and so is a command that is not known
#define UNKNOWN_IGNORED      30 // an event that is not known is passed over
#define INDEX_ALWAYS_0       31 // of an event that is not known
#define NEGATIVE_TAKEN       32 // for an unsigned integer
#define FLOAT_TAKEN          33 // for an integer
#define MISSING_TAKEN        34 // for 0
#define NIL_TAKEN            35 // for 0
#define ANY_STATE_TAKEN      36 // for the initial one
#define SHORT_INTEGERS_ONLY  37 // are read
#define ORDERED_FIELDS_ONLY  38
#define NO_OTHER_FIELDS      39 // an unknown field is refused
#define NIL_IS_NO_MAP        40 // a command without fields wants {}
#define SMALL_REQUESTS_ONLY  41
#define LEAK                 42 // of 16 bytes a call
#define SILENT_TRAP          43 // a panic has no text
#define WRONG_SCHEMA         44 // one that is no JSON Schema
#define REPLY_TOO_EARLY      45 // a reply shows the state before the command
#define LONG_INITIAL_STATE   46 // the initial state has an integer in a long form
#define INITIAL_STATE_TAKEN  47 // whatever its total is, where the rest is as at first
#define ENDLESS_COMMAND      48 // a command that comes after 64 events never returns
#define CLOCK                49 // replies tell the day of the system's clock
#define RANDOM_BYTES         50 // replies tell a random byte of the system's
