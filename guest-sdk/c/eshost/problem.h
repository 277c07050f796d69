/* Why a value does not decode, or cannot be encoded: a reason with the path to the part at fault. */
#ifndef ESHOST_PROBLEM_H
#define ESHOST_PROBLEM_H

#include "memory.h"

/* Gives a size, of at most limit, that does not end in the middle of a character. */
ESHOST_COLD_ size_t eshost_cut_(const char *data, size_t size, size_t limit)
{
	if (size <= limit)
		return size;
	for (size = limit; size > 0 && ((uint8_t)data[size] & 0xc0) == 0x80;)
		size--;
	return size;
}

/* Adds to the text of the problem; what does not fit is cut. */
ESHOST_COLD_ void eshost_say_str_(const char *data, size_t size)
{
	eshost_runtime_ *m = &eshost_runtime;
	size = eshost_cut_(data, size, sizeof m->problem - m->problem_size);
	eshost_copy_(m->problem + m->problem_size, data, size);
	m->problem_size += size;
}

ESHOST_COLD_ void eshost_say_(const char *text) { eshost_say_str_(text, eshost_length_(text)); }

ESHOST_COLD_ void eshost_say_number_(uint64_t number)
{
	char digits[20];
	const char *const at = eshost_digits_(digits + sizeof digits, number);
	eshost_say_str_(at, (size_t)(digits + sizeof digits - at));
}

/* Adds a name in quotes, of which the beginning will do. */
ESHOST_COLD_ void eshost_say_quoted_(const char *data, size_t size)
{
	eshost_say_("\"");
	if (eshost_is_utf8_(data, size))
		eshost_say_str_(data, eshost_cut_(data, size, 128));
	eshost_say_("\"");
}

/* Begins the text of a problem, which has no path yet. */
ESHOST_COLD_ void eshost_problem_(const char *text)
{
	eshost_runtime.problem_size = 0;
	eshost_runtime.problem_has_path = false;
	eshost_say_(text);
}

/* Begins the text of a problem that is about a name: it stands in quotes between two texts. */
ESHOST_COLD_ void eshost_problem_of_(const char *before, const char *data, size_t size, const char *after)
{
	eshost_problem_(before);
	eshost_say_quoted_(data, size);
	eshost_say_(after);
}

/* Gives false, so that callers can return it. */
ESHOST_COLD_ bool eshost_fail_(const char *text)
{
	eshost_problem_(text);
	return false;
}

/* Puts a text in front of the problem. */
ESHOST_COLD_ void eshost_before_(const char *data, size_t size)
{
	eshost_runtime_ *m = &eshost_runtime;
	size = eshost_cut_(data, size, 128);
	if (size > sizeof m->problem - m->problem_size)
		return;
	for (size_t i = m->problem_size; i > 0; i--)
		m->problem[i - 1 + size] = m->problem[i - 1];
	eshost_copy_(m->problem, data, size);
	m->problem_size += size;
}

/* Puts the step that led to a failure in front of its path. */
ESHOST_COLD_ bool eshost_under_(const char *data, size_t size)
{
	eshost_runtime_ *m = &eshost_runtime;
	if (!m->problem_has_path)
		eshost_before_(": ", 2);
	else if (m->problem[0] != '[')
		eshost_before_(".", 1);
	m->problem_has_path = true;
	eshost_before_(data, size);
	return false;
}

ESHOST_COLD_ bool eshost_under_index_(size_t index)
{
	char text[22];
	char *at = eshost_digits_(text + sizeof text - 1, index);
	text[sizeof text - 1] = ']';
	*--at = '[';
	return eshost_under_(at, (size_t)(text + sizeof text - at));
}

/* Puts texts in front of the problem: they and it are the message of a fault. */
ESHOST_COLD_ void eshost_about_(const char *before, const char *name, const char *after)
{
	eshost_before_(after, eshost_length_(after));
	eshost_before_(name, eshost_length_(name));
	eshost_before_(before, eshost_length_(before));
}

#endif
