/* Why a value does not decode, or cannot be encoded: a reason with the path to the part at fault. */
#ifndef ESHOST_PROBLEM_H
#define ESHOST_PROBLEM_H

#include "memory.h"

/* Adds to the text of the problem; what does not fit is cut. */
ESHOST_COLD_ void eshost_say_str_(eshost_str text)
{
	eshost_runtime_ *m = &eshost_runtime;
	size_t size = sizeof m->problem - m->problem_size;
	if (text.size <= size)
		size = text.size;
	else
		while (size > 0 && ((uint8_t)text.data[size] & 0xc0) == 0x80)
			size--; /* not in the middle of a character */
	eshost_copy_(m->problem + m->problem_size, text.data, size);
	m->problem_size += size;
}

ESHOST_COLD_ void eshost_say_(const char *text) { eshost_say_str_(eshost_str_of(text)); }

ESHOST_COLD_ void eshost_say_number_(uint64_t number)
{
	char digits[20], *at = digits + sizeof digits;
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	const eshost_str text = {at, (size_t)(digits + sizeof digits - at)};
	eshost_say_str_(text);
}

/* Adds a name in quotes, of which the beginning will do. */
ESHOST_COLD_ void eshost_say_quoted_(eshost_str name)
{
	if (!eshost_is_utf8_(name))
		name = eshost_str_of("(not UTF-8)");
	const bool is_long = name.size > 128;
	if (is_long)
		for (name.size = 128; ((uint8_t)name.data[name.size] & 0xc0) == 0x80;)
			name.size--;
	eshost_say_("\"");
	eshost_say_str_(name);
	eshost_say_(is_long ? "...\"" : "\"");
}

/* Begins the text of a problem, which has no path yet. */
ESHOST_COLD_ void eshost_problem_(const char *text)
{
	eshost_runtime.problem_size = 0;
	eshost_runtime.problem_has_path = false;
	eshost_say_(text);
}

/* Gives false, so that callers can return it. */
ESHOST_COLD_ bool eshost_fail_(const char *text)
{
	eshost_problem_(text);
	return false;
}

/* Puts texts in front of the problem, the last one first. */
ESHOST_COLD_ void eshost_before_(eshost_str text)
{
	eshost_runtime_ *m = &eshost_runtime;
	if (text.size > 128 || text.size > sizeof m->problem - m->problem_size)
		text = eshost_str_of("...");
	if (text.size > sizeof m->problem - m->problem_size)
		return;
	for (size_t i = m->problem_size; i > 0; i--)
		m->problem[i - 1 + text.size] = m->problem[i - 1];
	eshost_copy_(m->problem, text.data, text.size);
	m->problem_size += text.size;
}

/* Puts the step that led to a failure in front of its path. */
ESHOST_COLD_ bool eshost_under_(eshost_str step)
{
	eshost_runtime_ *m = &eshost_runtime;
	if (!m->problem_has_path)
		eshost_before_(eshost_str_of(": "));
	else if (m->problem[0] != '[')
		eshost_before_(eshost_str_of("."));
	m->problem_has_path = true;
	eshost_before_(step);
	return false;
}

ESHOST_COLD_ bool eshost_under_index_(size_t index)
{
	char text[24];
	size_t at = sizeof text;
	text[--at] = ']';
	do {
		text[--at] = (char)('0' + index % 10);
		index /= 10;
	} while (index > 0);
	text[--at] = '[';
	const eshost_str step = {text + at, sizeof text - at};
	return eshost_under_(step);
}

#endif
