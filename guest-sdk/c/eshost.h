/*
 * eshost.h: the SDK for eshost plugins in C11 and C++17.
 *
 * A plugin is structs for a state, for commands and events, and two kinds of pure functions over them: one decides what
 * a command does, the other folds an event into the state. README.md beside this file shows how. Compiled to
 * WebAssembly it needs no C library; natively, for tests, it takes memory and stderr from the one that is there. GCC
 * and Clang are the compilers it is written for.
 *
 *   eshost/text.h       eshost_str, eshost_bytes
 *   eshost/memory.h     eshost_alloc, eshost_panic, ESHOST_ASSERT, eshost_log
 *   eshost/struct.h     ESHOST_STRUCT and ESHOST_EMPTY; list.h, map.h, variant.h: ESHOST_LIST, ESHOST_MAP, ESHOST_ENUM,
 *                       ESHOST_UNION; type.h: ESHOST_FORWARD
 *   eshost/rules.h      ESHOST_REJECTION, ESHOST_EVENT, ESHOST_COMMAND
 *   eshost/context.h    eshost_context, eshost_emit, eshost_accept, eshost_reject
 *   eshost/random.h     eshost_random_of
 *   eshost/entity.h     ESHOST_TYPE
 *   eshost/serve.h      ESHOST_SERVE
 *
 * Names that end in an underscore are not for authors.
 */
#ifndef ESHOST_H
#define ESHOST_H

#include "eshost/serve.h"

#endif
