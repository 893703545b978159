/* SPDX-License-Identifier: Apache-2.0 */
/* Spans byte by byte; the scenarios have a receiver that reads all of it. */
#include "observe/otlp.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"

static struct otlp_span
sample(void)
{
	struct otlp_span span = {
	    .flags = TRACE_SAMPLED,
	    .remote = true,
	    .kind = OTLP_SERVER,
	    .status = OTLP_ERROR,
	    .name = "GET r",
	    .state = "a=1",
	    .start_us = 1,
	    .end_us = 2,
	};

	memset(span.trace_id, 0x11, sizeof(span.trace_id));
	memset(span.span_id, 0x22, sizeof(span.span_id));
	return span;
}

START_TEST(a_span_is_these_bytes)
{
	static const char wanted[] =
	    "\x0a\x10\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11"
	    "\x11\x11\x12\x08\x22\x22\x22\x22\x22\x22\x22\x22" /* ids */
	    "\x1a\x03"
	    "a=1" /* state */
	    "\x2a\x05"
	    "GET r"
	    "\x30\x02" /* kind */
	    "\x39\xe8\x03\0\0\0\0\0\0\x41\xd0\x07\0\0\0\0\0\0" /* ns */
	    "\x4a\x07\x0a\x01"
	    "k\x12\x02\x18\x07" /* an attribute */
	    "\x7a\x02\x18\x02"	/* status */
	    "\x85\x01\x01\x03\0\0"; /* flags: sampled, the parent is remote */
	struct otlp_span span = sample();
	struct str text = {0};

	otlp_add(&span.attrs, OTLP_NUM("k", 7));
	otlp_span(&text, OTLP_PROTOBUF, &span);
	ck_assert_uint_eq(text.len, sizeof(wanted) - 1);
	ck_assert_mem_eq(text.text, wanted, sizeof(wanted) - 1);
	str_fini(&text);
}
END_TEST

START_TEST(long_texts_are_preceded_by_long_lengths)
{
	static const struct {
		size_t len;
		const char *head; /* field 9, a pair, its value, the text */
		size_t head_len;
	} cases[] = {
	    {0x70, "\x4a\x77\x0a\x01k\x12\x72\x0a\x70", 9},
	    {0x7f, "\x4a\x87\x01\x0a\x01k\x12\x81\x01\x0a\x7f", 11},
	    {0x80, "\x4a\x89\x01\x0a\x01k\x12\x83\x01\x0a\x80\x01", 12},
	    {0x4000, "\x4a\x8b\x80\x01\x0a\x01k\x12\x84\x80\x01\x0a"
		     "\x80\x80\x01", 15},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *value = xasprintf("%0*d", (int)cases[i].len, 7);
		struct otlp_span span = sample();
		struct str text = {0};
		const char *at;

		otlp_add(&span.attrs, OTLP_STR("k", value));
		otlp_span(&text, OTLP_PROTOBUF, &span);
		at = memmem(text.text, text.len, cases[i].head,
		    cases[i].head_len);
		ck_assert_ptr_nonnull(at);
		ck_assert_mem_eq(at + cases[i].head_len, value, cases[i].len);
		/* The status follows. */
		ck_assert_int_eq(at[cases[i].head_len + cases[i].len], 0x7a);
		str_fini(&text);
		free(value);
	}
}
END_TEST

START_TEST(json_has_texts_for_long_numbers_and_numbers_for_enums)
{
	struct otlp_span span = sample();
	struct str text = {0};

	otlp_add(&span.attrs, OTLP_NUM("k", -7));
	otlp_add(&span.attrs, OTLP_FLAG("b", true));
	otlp_add(&span.attrs, OTLP_REAL("d", 0.25));
	otlp_add(&span.attrs, OTLP_STR("none", NULL));
	otlp_span(&text, OTLP_JSON, &span);
	ck_assert_str_eq(text.text,
	    "{\"traceId\":\"11111111111111111111111111111111\","
	    "\"spanId\":\"2222222222222222\",\"traceState\":\"a=1\","
	    "\"name\":\"GET r\",\"kind\":2,\"startTimeUnixNano\":\"1000\","
	    "\"endTimeUnixNano\":\"2000\",\"attributes\":["
	    "{\"key\":\"k\",\"value\":{\"intValue\":\"-7\"}},"
	    "{\"key\":\"b\",\"value\":{\"boolValue\":true}},"
	    "{\"key\":\"d\",\"value\":{\"doubleValue\":0.25}}],"
	    "\"status\":{\"code\":2},\"flags\":769}");
	str_fini(&text);
}
END_TEST

START_TEST(texts_are_utf8_whatever_came)
{
	struct otlp_span span = sample();
	struct str text = {0};

	span.name = "a\xff"
		    "b";
	otlp_span(&text, OTLP_PROTOBUF, &span);
	ck_assert_ptr_nonnull(memmem(text.text, text.len,
	    "\x2a\x05"
	    "a\xef\xbf\xbd"
	    "b",
	    7));
	str_fini(&text);
}
END_TEST

START_TEST(further_attributes_than_there_is_room_for_are_left_out)
{
	struct otlp_attrs attrs = {0};

	for (int i = 0; i < OTLP_ATTRS_MAX + 5; i++)
		otlp_add(&attrs, OTLP_NUM("k", i));
	ck_assert_uint_eq(attrs.count, OTLP_ATTRS_MAX);
}
END_TEST

START_TEST(an_answer_says_how_many_were_rejected)
{
	static const struct {
		enum otlp_form form;
		struct view body;
		int64_t rejected;
	} cases[] = {
	    {OTLP_PROTOBUF, VIEW(""), 0},
	    {OTLP_PROTOBUF, VIEW("\x0a\x02\x08\x05"), 5},
	    {OTLP_PROTOBUF, VIEW("\x0a\x03\x08\x85\x01"), 133},
	    {OTLP_PROTOBUF, VIEW("\x0a\x05\x12\x03why"), 0},
	    {OTLP_PROTOBUF, VIEW("\x0a\x07\x12\x03why\x08\x01"), 1},
	    /* Cut, or nothing that we know. */
	    {OTLP_PROTOBUF, VIEW("\x0a\x7f\x08\x05"), 0},
	    {OTLP_PROTOBUF, VIEW("\x0a\x02\x08\x85"), 0},
	    {OTLP_PROTOBUF, VIEW("<html>"), 0},
	    {OTLP_PROTOBUF, VIEW("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		0},
	    {OTLP_JSON, VIEW("{}"), 0},
	    {OTLP_JSON, VIEW("{\"partialSuccess\":{\"rejectedSpans\":\"3\"}}"),
		3},
	    {OTLP_JSON, VIEW("{\"partialSuccess\": {\"rejectedSpans\" : 4}}"),
		4},
	    {OTLP_JSON, VIEW("\"rejectedSpans\""), 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_int_eq(otlp_rejected(cases[i].form, cases[i].body),
		    cases[i].rejected);
}
END_TEST

int
main(void)
{
	return check_run("otlp",
	    (const TTest *const[]){
		a_span_is_these_bytes,
		long_texts_are_preceded_by_long_lengths,
		json_has_texts_for_long_numbers_and_numbers_for_enums,
		texts_are_utf8_whatever_came,
		further_attributes_than_there_is_room_for_are_left_out,
		an_answer_says_how_many_were_rejected, NULL});
}
