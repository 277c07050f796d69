/* What abi/testdata/vectors.json becomes: test/vectors.py makes vectors.h of it. */
#ifndef VECTOR_TYPES_H
#define VECTOR_TYPES_H

#include "eshost.h"

typedef enum section { SECTION_PAYLOADS, SECTION_STRICT_DECODING, SECTION_NO_PAYLOAD } section;

typedef struct payload_case {
	section section;
	const char *name;
	const eshost_type *type;
	const void *value; /* NULL: it must not decode */
	eshost_bytes bytes;
	const eshost_bytes *also;
	size_t also_count;
} payload_case;

typedef struct item {
	const char *name;
	uint32_t version;
	eshost_bytes payload;
} item;

typedef struct request_case {
	bool commands;
	const char *name, *type;
	eshost_str id;
	uint64_t seq;
	eshost_bytes state;
	int64_t now;
	const item *items;
	size_t item_count;
	const eshost_bytes *forms;
	size_t form_count;
} request_case;

typedef struct outcome {
	int tag, kind;
	const char *text;
	eshost_bytes payload;
	const item *events;
	size_t event_count;
} outcome;

typedef struct answer_case {
	const char *name;
	int kind;
	const char *message;
	const outcome *outcomes;
	size_t outcome_count;
	eshost_bytes state, bytes;
} answer_case;

typedef struct fold_case {
	const char *name;
	int kind, index;
	const char *message;
	eshost_bytes state, bytes;
} fold_case;

#include "vectors.h"

ESHOST_UNUSED_ static bool equal(eshost_bytes a, eshost_bytes b)
{
	return a.size == b.size && eshost_same_(a.data, b.data, a.size);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
