// The guests that zoo.c can be compiled to with -DGUEST=...: they differ in what the host calls beside handle_command. What attacks there
// on request is the same in all, see attacks.h.

#define HONEST          0 // but for the attacks that it is asked for
#define POISONED        1 // handle_event attacks when it meets an event "poisoned", in the way that the event says
#define ALLOC_LOOPS     2 // those of alloc do what they do for large requests only
#define ALLOC_TRAPS     3
#define ALLOC_REFUSES   4
#define ALLOC_OUTSIDE   5 // of memory
#define ALLOC_AT_END    6 // of memory, with fewer bytes than were asked for
#define ALLOC_GROWS     7
#define ALLOC_DIRTY     8  // the same address each time, with something else in it
#define HIDDEN_COUNTER  9  // the reply says how many calls there were
#define CALL_ORDER      10 // the reply depends on who was asked before
#define INIT_LOOPS      11
#define INIT_TRAPS      12
#define INIT_GROWS      13
#define INIT_LOGS       14
#define INIT_EXITS      15
#define DESCRIBE_LOOPS  16
#define DESCRIBE_TRAPS  17
#define DESCRIBE_4_GIB  18
#define DESCRIBE_BEHIND 19 // the end of memory
#define DESCRIBE_CUT    20
#define DESCRIBE_LIES   21 // numbers of types that are not there
#define FALSE_NAME      22 // imports what there is not, of a module that there is
#define FALSE_TYPE      23 // imports what there is, with another type
#define METER_IMPORT    24 // imports what only the meter may
#define METER_EXPORT    25 // exports something under the name of the meter's fuel
#define START_LOOPS     26 // has a function "start", which the test makes its start function
#define START_WRITES    27 // as well, and there writes what is much work for the host and little for the guest
