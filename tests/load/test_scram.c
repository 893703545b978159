/* SPDX-License-Identifier: Apache-2.0 */
/* SCRAM-SHA-256 by the example of RFC 7677, and servers that cheat. */
#include "load/scram.h"

#include <string.h>

#include "tests/harness/check_run.h"

#define OURS   "rOprNGfwEbeRWgbNEkqO"
#define THEIRS OURS "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT   "W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST  "r=" THEIRS ",s=" SALT ",i=4096"
#define FINAL  "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static void
begin(struct scram *s)
{
	ck_assert(scram_init(s, "user"));
	ck_assert_uint_eq(strlen(s->nonce), SCRAM_NONCE - 1);
	strcpy(s->nonce, OURS);
}

START_TEST(the_example_of_the_standard_is_met)
{
	struct scram_cache cache = {.password = "pencil"};
	struct str first = {0}, final = {0}, again = {0};
	struct error err;
	struct scram s;

	begin(&s);
	scram_first(&s, &first);
	ck_assert_str_eq(first.text, "n,,n=user,r=" OURS);
	ck_assert(scram_final(&s, &cache, VIEW(FIRST), &final, &err));
	ck_assert_str_eq(final.text,
			 "c=biws,r=" THEIRS
			 ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	ck_assert(scram_verify(&s, VIEW(FINAL)));
	/* From the cache it is the same. */
	begin(&s);
	ck_assert(scram_final(&s, &cache, VIEW(FIRST), &again, &err));
	ck_assert_str_eq(final.text, again.text);
	str_fini(&first);
	str_fini(&final);
	str_fini(&again);
}
END_TEST

START_TEST(each_conversation_has_a_nonce_of_its_own)
{
	struct scram a, b;

	ck_assert(scram_init(&a, "") && scram_init(&b, ""));
	ck_assert_str_ne(a.nonce, b.nonce);
}
END_TEST

START_TEST(a_server_that_does_not_know_the_password_is_found_out)
{
	struct scram_cache cache = {.password = "pencil"};
	struct str final = {0};
	struct error err;
	struct scram s;

	begin(&s);
	ck_assert(!scram_verify(&s, VIEW(FINAL)));
	ck_assert(scram_final(&s, &cache, VIEW(FIRST), &final, &err));
	ck_assert(!scram_verify(&s, VIEW("e=invalid-proof")));
	ck_assert(!scram_verify(&s, VIEW("v=")));
	ck_assert(!scram_verify(&s, VIEW("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5n"
					 "LTJRsjl96G4=")));
	str_fini(&final);
}
END_TEST

static const struct {
	const char *first, *why;
} bad[] = {
    {"", "the challenge is malformed"},
    {"r=" THEIRS, "the challenge is malformed"},
    {"r=" THEIRS ",s=" SALT, "the challenge is malformed"},
    {"m=x," FIRST, "the challenge is malformed"},
    {"r=" OURS ",s=" SALT ",i=4096", "the nonce is not ours"},
    {"r=xOprNGfwEbeRWgbNEkqOabc,s=" SALT ",i=4096", "the nonce is not ours"},
    {"r=" THEIRS ",s=,i=4096", "the salt is malformed"},
    {"r=" THEIRS ",s=????,i=4096", "the salt is malformed"},
    {"r=" THEIRS ",s=abc,i=4096", "the salt is malformed"},
    {"r=" THEIRS ",s=" SALT ",i=0", "0 iterations, expected 1 to 1000000"},
    {"r=" THEIRS ",s=" SALT ",i=1000001",
     "1000001 iterations, expected 1 to 1000000"},
    {"r=" THEIRS ",s=" SALT ",i=4294967297",
     "4294967297 iterations, expected 1 to 1000000"},
    {"r=" THEIRS ",s=" SALT ",i=1x", "1x iterations, expected 1 to 1000000"},
    {"r=" THEIRS ",s=" SALT ",i=99999999999999",
     "99999999999 iterations, expected 1 to 1000000"},
};

START_TEST(bad_challenges_are_refused)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct scram_cache cache = {.password = "pencil"};
		struct error err = {0};
		struct str out = {0};
		struct scram s;

		begin(&s);
		ck_assert_msg(
		    !scram_final(&s, &cache, view_of(bad[i].first), &out, &err),
		    "%s", bad[i].first);
		ck_assert_str_eq(err.text, bad[i].why);
		str_fini(&out);
	}
}
END_TEST

int
main(void)
{
	return check_run(
	    "scram", (const TTest *const[]){
			 the_example_of_the_standard_is_met,
			 each_conversation_has_a_nonce_of_its_own,
			 a_server_that_does_not_know_the_password_is_found_out,
			 bad_challenges_are_refused,
			 NULL,
		     });
}
