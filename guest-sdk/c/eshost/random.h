/* Random numbers that are the same whenever a decision is taken again. */
#ifndef ESHOST_RANDOM_H
#define ESHOST_RANDOM_H

#include "context.h"

/* A source of random numbers: PCG-DXSM, seeded by what a decision may depend on. */
typedef struct eshost_random {
	uint64_t high, low;
} eshost_random;

/* Every bit of v influences every bit of the result: the finalizer of SplitMix64. */
ESHOST_API_ uint64_t eshost_scramble_(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return v ^ v >> 31;
}

ESHOST_API_ void eshost_random_mix_(eshost_random *random, uint64_t v)
{
	random->high = eshost_scramble_(random->high ^ v);
	random->low = eshost_scramble_(random->low + v);
}

ESHOST_API_ void eshost_random_mix_all_(eshost_random *random, const void *data, size_t size)
{
	eshost_random_mix_(random, size);
	for (size_t i = 0; i < size; i++)
		eshost_random_mix_(random, ((const uint8_t *)data)[i]);
}

/* Gives a source that is a function of the entity's type and id, of seq, and of the command's name and payload. Each
 * call gives the same one, from its start, and a decision that is taken again draws the same numbers, on any machine.
 * They are no secrets. The same command sent twice draws the same ones, unless an event came between. */
ESHOST_API_ eshost_random eshost_random_of(const eshost_context *ctx)
{
	eshost_random random = {0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u};
	eshost_random_mix_all_(&random, ctx->type.data, ctx->type.size);
	eshost_random_mix_all_(&random, ctx->id.data, ctx->id.size);
	eshost_random_mix_(&random, ctx->seq);
	eshost_random_mix_all_(&random, ctx->name.data, ctx->name.size);
	eshost_random_mix_all_(&random, ctx->payload_.data, ctx->payload_.size);
	return random;
}

/* The product of two numbers, of 128 bits. */
ESHOST_API_ uint64_t eshost_multiply_(uint64_t a, uint64_t b, uint64_t *low)
{
	const uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
	const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = (middle & UINT32_MAX) + a0 * b1;
	*low = a * b;
	return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* The next number, of all there are. */
ESHOST_API_ uint64_t eshost_random_next(eshost_random *random)
{
	uint64_t low, high = eshost_multiply_(random->low, 4865540595714422341u, &low);
	high += random->high * 4865540595714422341u + random->low * 2549297995355413924u;
	random->low = low + 1442695040888963407u;
	random->high = high + 6364136223846793005u + (random->low < low);
	high = random->high;
	high = (high ^ high >> 32) * 0xda942042e4dd58b5u;
	return (high ^ high >> 48) * (random->low | 1);
}

/* The next number below a limit, each as likely as the others. Nothing is below 0: it panics. */
ESHOST_API_ uint64_t eshost_random_below(eshost_random *random, uint64_t limit)
{
	if (limit == 0)
		eshost_panic("eshost_random_below: a number below 0 was asked for");
	if ((limit & (limit - 1)) == 0)
		return eshost_random_next(random) & (limit - 1);
	uint64_t low, high = eshost_multiply_(eshost_random_next(random), limit, &low);
	if (low < limit)
		for (const uint64_t least = (0 - limit) % limit; low < least;)
			high = eshost_multiply_(eshost_random_next(random), limit, &low);
	return high;
}

#endif
