/* SPDX-License-Identifier: Apache-2.0 */
/* Words in templates, and that they replay. */
#include "load/template.h"

#include <string.h>

#include "load/request.h"
#include "tests/harness/check_run.h"

static void
render(const char *text, uint64_t seq, struct str *to)
{
	struct load_vars v = load_vars_of(42, "users", seq);
	struct template t;

	template_init(&t, text);
	str_clear(to);
	str_add(to, "");
	template_render(&t, &v, to);
	template_fini(&t);
}

START_TEST(words_are_replaced_and_other_braces_stay)
{
	struct str out = {0};

	render("/api/{seq}/{seqs}?{}{ {seq}{seq}{", 17, &out);
	ck_assert_str_eq(out.text, "/api/17/{seqs}?{}{ 1717{");
	render(NULL, 1, &out);
	ck_assert_str_eq(out.text, "");
	render("{\"id\":\"{uuid}\"}", 1, &out);
	ck_assert_uint_eq(out.len, strlen("{\"id\":\"\"}") + 36);
	str_fini(&out);
}
END_TEST

START_TEST(a_uuid_can_be_told_again_from_seed_load_and_seq)
{
	char uuid[LOAD_UUID_SIZE], other[LOAD_UUID_SIZE];
	struct str out = {0};

	render("{uuid}", 5, &out);
	load_uuid(42, "users", 5, uuid);
	ck_assert_str_eq(out.text, uuid);
	/* Fixed for ever: runs that were recorded must be verifiable. */
	ck_assert_str_eq(uuid, "d7e4fe4b-48a7-4cf8-9383-9b2dfc06da89");
	ck_assert(uuid[14] == '4' && strchr("89ab", uuid[19]) != NULL);
	load_uuid(42, "users", 6, other);
	ck_assert_str_ne(uuid, other);
	load_uuid(43, "users", 5, other);
	ck_assert_str_ne(uuid, other);
	load_uuid(42, "user", 5, other);
	ck_assert_str_ne(uuid, other);
	str_fini(&out);
}
END_TEST

START_TEST(each_rand_is_another_number_and_replays)
{
	struct str a = {0}, b = {0};
	char *dash;

	render("{rand}-{rand}", 5, &a);
	render("{rand}-{rand}", 5, &b);
	ck_assert_str_eq(a.text, b.text);
	dash = strchr(a.text, '-');
	*dash = '\0';
	ck_assert_str_ne(a.text, dash + 1);
	str_fini(&a);
	str_fini(&b);
}
END_TEST

START_TEST(trace_and_uuid_are_the_same_bits)
{
	struct str out = {0};
	char uuid[LOAD_UUID_SIZE], bare[LOAD_UUID_SIZE];
	char *to = bare;

	load_uuid(42, "users", 9, uuid);
	for (const char *c = uuid; *c != '\0'; c++) {
		if (*c != '-')
			*to++ = *c;
	}
	*to = '\0';
	render("{trace}", 9, &out);
	ck_assert_str_eq(out.text, bare);
	render("{span}", 9, &out);
	ck_assert_uint_eq(out.len, 16);
	str_fini(&out);
}
END_TEST

START_TEST(weights_are_met)
{
	double weights[] = {8, 0, 2};
	int counts[3] = {0};

	for (uint64_t seq = 1; seq <= 10000; seq++) {
		struct load_vars v = load_vars_of(1, "users", seq);

		counts[load_vars_choose(&v, weights, 3)]++;
	}
	ck_assert_int_eq(counts[1], 0);
	ck_assert_int_gt(counts[0], 7850);
	ck_assert_int_lt(counts[0], 8150);
}
END_TEST

static const struct {
	const char *send;
	size_t count;
	const char *words[4];
} commands[] = {
    {"PING", 1, {"PING"}},
    {"SET  k{seq}\t'a b' ", 3, {"SET", "k7", "a b"}},
    {"SET k \"a \\\"b\\\\\"", 3, {"SET", "k", "a \"b\\"}},
    {"SET k ''", 3, {"SET", "k", ""}},
    {"SET k pre'fi x'ed", 3, {"SET", "k", "prefi xed"}},
    {"", 0, {NULL}},
};

START_TEST(send_is_cut_into_words)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		struct conf_request asked = {.send = (char *)commands[i].send};
		struct load_vars v = load_vars_of(1, "users", 7);
		struct load_request r;
		struct error err;

		ck_assert(load_request_init(&r, &asked, &err));
		ck_assert(load_request_words(&r, &err));
		ck_assert_uint_eq(r.words_count, commands[i].count);
		for (size_t w = 0; w < r.words_count; w++) {
			struct str out = {0};

			str_add(&out, "");
			template_render(&r.words[w], &v, &out);
			ck_assert_str_eq(out.text, commands[i].words[w]);
			str_fini(&out);
		}
		load_request_fini(&r);
	}
}
END_TEST

START_TEST(what_is_wrong_with_a_request_is_told)
{
	char *bad[] = {(char *)"no colon"};
	struct conf_request header = {.headers = {bad, 1}};
	struct conf_request quote = {.send = (char *)"SET k 'a"};
	struct conf_request pattern = {.expect = (char *)"~(("};
	struct load_request r;
	struct error err;

	ck_assert(!load_request_init(&r, &header, &err));
	ck_assert_str_eq(err.text,
			 "header \"no colon\": expected \"Name: value\"");
	load_request_fini(&r);
	ck_assert(load_request_init(&r, &quote, &err));
	ck_assert(!load_request_words(&r, &err));
	ck_assert_str_eq(err.text, "send: a quote is not closed");
	load_request_fini(&r);
	ck_assert(!load_request_init(&r, &pattern, &err));
	load_request_fini(&r);
}
END_TEST

int
main(void)
{
	return check_run("template",
			 (const TTest *const[]){
			     words_are_replaced_and_other_braces_stay,
			     a_uuid_can_be_told_again_from_seed_load_and_seq,
			     each_rand_is_another_number_and_replays,
			     trace_and_uuid_are_the_same_bits,
			     weights_are_met,
			     send_is_cut_into_words,
			     what_is_wrong_with_a_request_is_told,
			     NULL,
			 });
}
