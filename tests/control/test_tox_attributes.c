/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of toxics: whole numbers, checked, taken whole. */
#include "base/attr.h"
#include "tests/control/tox_fixture.h"
#include "tests/harness/check_run.h"

/* What is printed of a fault. */
static char *
shown(const struct conf_fault *f)
{
	struct str text = {0};
	char *end;

	tox_print_toxic(&text, f);
	end = strstr(text.text, ",\"name\"");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	return str_take(&text);
}

static const struct {
	const char *type, *set, *shown;
} good[] = {
    {"latency", "{}", "{\"latency\":0,\"jitter\":0}"},
    {"latency", "{\"LATENCY\":5,\"Jitter\":2,\"x\":\"y\"}",
	"{\"latency\":5,\"jitter\":2}"},
    {"latency", "{\"latency\":null}", "{\"latency\":0,\"jitter\":0}"},
    {"latency", "{\"latency\":86400000}",
	"{\"latency\":86400000,\"jitter\":0}"},
    {"bandwidth", "{\"rate\":1000000000}", "{\"rate\":1000000000}"},
    {"slicer", "{\"average_size\":1,\"delay\":7}",
	"{\"average_size\":1,\"size_variation\":0,\"delay\":7}"},
    {"limit_data", "{\"bytes\":-5}", "{\"bytes\":-5}"},
    {"limit_data", "{\"bytes\":9007199254740991}",
	"{\"bytes\":9007199254740991}"},
    {"timeout", "{\"timeout\":1}", "{\"timeout\":1}"},
    {"packet_loss", "{}", "{\"loss_rate\":0.1,\"correlation\":0}"},
    {"packet_loss", "{\"loss_rate\":0.02,\"correlation\":0.9}",
	"{\"loss_rate\":0.02,\"correlation\":0.9}"},
};

START_TEST(they_are_set_and_shown)
{
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct tox_fixture t = tox_fixture_new();
		struct conf_fault *f =
		    tox_fixture_add(&t, good[i].type, "t");
		struct error err = {0};
		char *text;

		ck_assert_msg(tox_fixture_set(f, good[i].set, &err),
		    "%s: %s", good[i].set, err.text);
		text = shown(f);
		ck_assert_str_eq(text + strlen("{\"attributes\":"),
		    good[i].shown);
		free(text);
		tox_fixture_free(&t);
	}
}
END_TEST

static const struct {
	const char *type, *set, *error;
} bad[] = {
    {"latency", "{\"latency\":1.0}",
	"json: cannot unmarshal number into field latency"},
    {"latency", "{\"latency\":\"1\"}",
	"json: cannot unmarshal string into field latency"},
    {"latency", "{\"latency\":-1}", "attribute latency: -1 is out of bounds; "
				    "expected 0ms \xe2\x80\xa6 1d"},
    {"latency", "{\"latency\":9223372036854775807}",
	"attribute latency: 9223372036854775807 is out of bounds; expected "
	"0ms \xe2\x80\xa6 1d"},
    {"slicer", "{\"average_size\":0}", NULL},
    {"bandwidth", "{\"rate\":[]}", NULL},
    {"packet_loss", "{\"correlation\":1}", NULL},
    {"packet_loss", "{\"loss_rate\":1.5}", NULL},
    {"packet_loss", "{\"loss_rate\":0}", NULL},
};

START_TEST(what_is_wrong_names_the_attribute)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct tox_fixture t = tox_fixture_new();
		struct conf_fault *f = tox_fixture_add(&t, bad[i].type, "t");
		struct error err = {0};

		ck_assert_msg(!tox_fixture_set(f, bad[i].set, &err),
		    "%s was taken", bad[i].set);
		if (bad[i].error != NULL)
			ck_assert_str_eq(err.text, bad[i].error);
		ck_assert_str_ne(err.text, "");
		tox_fixture_free(&t);
	}
}
END_TEST

START_TEST(a_required_one_is_missed)
{
	struct tox_fixture t = tox_fixture_new();
	struct conf_fault *f = tox_fixture_add(&t, "slicer", "t");
	json_t *some = json_pack("{s:i}", "AVERAGE_SIZE", 5);
	struct error err;

	ck_assert(!tox_attributes_complete(f, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "average_size"));
	ck_assert(tox_attributes_complete(f, some, &err));
	json_decref(some);
	tox_fixture_free(&t);
}
END_TEST

START_TEST(types_are_kinds_that_fit_the_route)
{
	struct tox_fixture t = tox_fixture_new();

	ck_assert_ptr_nonnull(tox_kind("latency", t.route));
	ck_assert_str_eq(tox_kind("packet_loss", t.route)->kind.name, "loss");
	ck_assert_ptr_null(tox_kind("down", t.route));
	ck_assert_ptr_null(tox_kind("refuse", t.route));
	ck_assert_ptr_null(tox_kind("drip", t.route));
	ck_assert_ptr_null(tox_kind("", t.route));
	t.route->protocol = PROTOCOL_HTTP;
	ck_assert_ptr_nonnull(tox_kind("drip", t.route));
	tox_fixture_free(&t);
}
END_TEST

START_TEST(what_was_asked_for_is_kept_by_copies)
{
	struct tox_fixture t = tox_fixture_new();
	struct conf_model *copy;

	tox_fixture_add(&t, "packet_loss", "t");
	copy = conf_model_copy(t.model);
	tox_fixture_free(&t);
	ck_assert_str_eq(copy->routes[0].faults[0].type_shown, "packet_loss");
	conf_model_unref(copy);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    they_are_set_and_shown,
	    what_is_wrong_names_the_attribute,
	    a_required_one_is_missed,
	    types_are_kinds_that_fit_the_route,
	    what_was_asked_for_is_kept_by_copies,
	    NULL,
	};

	return check_run("tox_attributes", tests);
}
