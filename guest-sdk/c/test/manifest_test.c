/* The manifest and its schemas. */
#include "eshost_test.h"

#include "account.h"

ESHOST_FORWARD(Tree);
ESHOST_LIST(Trees, Tree);
ESHOST_STRUCT(Tree, field(eshost_str, name), field(Trees, children));
ESHOST_STRUCT(Every, field(bool, a), field(int8_t, b), field(uint16_t, c), field(int64_t, d), field(uint64_t, e),
			  field(double, f), field(eshost_bytes, g), optional(Status, h), field(Level, i), field(Balances, j));
ESHOST_EVENT(Every, grown, "grown", 1, Tree);
ESHOST_EVENT(Every, cleared, "cleared", 3, eshost_none);
ESHOST_COMMAND(Every, clear, "clear", eshost_none, no_reply);
ESHOST_TYPE(every, "every", Every, event(grown), event(cleared), command(clear), revision(2));
ESHOST_SERVE(every, account);

static eshost_effect clear(eshost_context *ctx, const Every *state, const eshost_none *command)
{
	(void)state, (void)command;
	return eshost_emit(ctx, cleared, {0});
}
static void grown(Every *state, const Tree *event) { state->b = (int8_t)event->children.count; }
static void cleared(Every *state, const eshost_none *event) { (void)state, (void)event; }

#define DRAFT "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
#define U64 "{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}"
#define TEXT "{\"type\":\"string\"}"

static void check_schema(const eshost_type *type, uint32_t revision, const char *want)
{
	eshost_request_(1);
	const eshost_str got = eshost_schema(type, revision);
	if (!eshost_str_equal(got, eshost_str_of(want))) {
		fprintf(stderr, "%.*s\n", (int)got.size, got.data);
		eshost_test_failed_(__FILE__, __LINE__, want);
	}
}

ESHOST_TEST(a_schema_describes_the_json_form_of_a_type)
{
	check_schema(&eshost_type_uint64_t, 0,
				 DRAFT "\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}");
	check_schema(
		&eshost_type_Every, 0,
		DRAFT
		"\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"boolean\"},"
		"\"b\":{\"type\":\"integer\",\"minimum\":-128,\"maximum\":127},"
		"\"c\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":65535},"
		"\"d\":{\"type\":\"integer\",\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807},\"e\":" U64 ","
		"\"f\":{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"object\",\"properties\":{\"$float\":" TEXT
		"},\"required\":[\"$float\"]}]},"
		"\"g\":{\"type\":\"object\",\"properties\":{\"$bin\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}},"
		"\"required\":[\"$bin\"]},"
		"\"h\":{\"oneOf\":[{\"const\":\"open\"},{\"type\":\"object\",\"properties\":{\"frozen\":{\"type\":\"object\","
		"\"properties\":{\"reason\":" TEXT ",\"until\":{\"type\":\"integer\",\"minimum\":-9223372036854775808,"
		"\"maximum\":9223372036854775807}},\"required\":[\"reason\",\"until\"]}},\"required\":[\"frozen\"],"
		"\"additionalProperties\":false}]},"
		"\"i\":{\"type\":\"string\",\"enum\":[\"basic\",\"gold\"]},"
		"\"j\":{\"type\":\"object\",\"additionalProperties\":" U64 "}},"
		"\"required\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"i\",\"j\"]}");
	check_schema(&eshost_type_eshost_none, 0, DRAFT "\"type\":\"object\",\"properties\":{}}");
}

#define TREE(children)                                                             \
	"\"type\":\"object\",\"properties\":{\"name\":" TEXT ",\"children\":" children \
	"},\"required\":[\"name\",\"children\"]"
#define LIST_OF(items) "{\"type\":\"array\",\"items\":" items "}"

ESHOST_TEST(a_type_that_contains_itself_is_named)
{
	check_schema(&eshost_type_Tree, 0,
				 DRAFT TREE(LIST_OF("{" TREE(LIST_OF("{\"$ref\":\"#/$defs/1\"}")) "}")) ",\"$defs\":{\"1\":{" TREE(
					 LIST_OF("{\"$ref\":\"#/$defs/1\"}")) "}}}");
}

ESHOST_TEST(a_type_that_contains_itself_is_encoded_and_decoded)
{
	static const Tree leaves[] = {{ESHOST_STR_INIT("x"), {NULL, 0}}, {ESHOST_STR_INIT("y"), {NULL, 0}}};
	GIVEN(every);
	HAPPENED(grown, {ESHOST_STR_INIT("root"), {leaves, 2}});
	THEN_STATE(Every, {.b = 2});
}

ESHOST_TEST(the_schema_of_a_state_changes_with_its_layout_and_its_revision)
{
	check_schema(&eshost_type_Open, 2,
				 DRAFT "\"$comment\":\"revision 2\",\"type\":\"object\",\"properties\":{\"owner\":" TEXT
					   "},\"required\":[\"owner\"]}");
}

#define EMPTY DRAFT "\"type\":\"object\",\"properties\":{}}"

static size_t count_of(eshost_bytes text, const char *part)
{
	size_t count = 0;
	const size_t size = eshost_length_(part);
	for (size_t i = 0; i + size <= text.size; i++)
		count += eshost_same_(text.data + i, part, size);
	return count;
}

ESHOST_TEST(the_manifest_lists_types_commands_rejections_and_every_version_of_an_event)
{
	const eshost_bytes manifest = eshost_describe(&eshost_plugin_served_);
	eshost_reader_ r = {manifest.data, manifest.data + manifest.size};
	CHECK(eshost_skip_(&r, ESHOST_MAX_DEPTH_) && r.at == r.end);
	CHECK(count_of(manifest, "\203\243abi\222\001\000\243sdk") == 1);
	CHECK(count_of(manifest, "\244type\245every\254state_schema") == 1);
	CHECK(count_of(manifest, "\244type\247account\254state_schema") == 1);
	CHECK(count_of(manifest, "\"$comment\":\"revision 2\"") == 1);
	/* A command without content, without reply, without rejections and without examples still says what it takes. */
	CHECK(count_of(manifest, "\250commands\221\202\244name\245clear\246schema\331\132" EMPTY "\246events\222") == 1);
	CHECK(count_of(manifest, "\203\244name\247cleared\247version\003\246schema\331\132" EMPTY) == 1);
	CHECK(count_of(manifest, "\252rejections\222\250not open\251too large") == 1);
	CHECK(count_of(manifest, "\203\244name\251deposited\247version\001\246schema") == 1);
	CHECK(count_of(manifest, "\203\244name\251deposited\247version\002\246schema") == 1);
}
