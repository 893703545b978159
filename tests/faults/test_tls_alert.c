/* SPDX-License-Identifier: Apache-2.0 */
/* tls_alert puts an alert in a flight's place, and ends the connection. */
#include <string.h>

#include "base/attr.h"
#include "tests/harness/check_run.h"
#include "tests/harness/flow_harness.h"

static const struct {
	const char *fault;
	enum link_dir dir;
	unsigned char level, code;
} cases[] = {
    {"tls_alert", LINK_DOWN, 2, 40},
    {"tls_alert,code=certificate_expired", LINK_DOWN, 2, 45},
    {"tls_alert,code=no_application_protocol", LINK_DOWN, 2, 120},
    {"tls_alert,code=user_canceled", LINK_DOWN, 1, 90},
    {"tls_alert,code=close_notify,at=client_hello", LINK_UP, 1, 0},
};

START_TEST(the_alert_says_what_was_asked_for)
{
	static const char record[] = "\x16\x03\x03\x00\x02..";

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned char alert[] = {21, 3, 3, 0, 2, cases[i].level,
		    cases[i].code};
		struct harness *h = harness_new(1);
		struct harness_flow *f;

		harness_add(h, cases[i].fault);
		f = harness_open(h);
		harness_send_bytes(f, cases[i].dir, record,
		    sizeof(record) - 1);
		harness_send_bytes(f, cases[i].dir, record, 6);
		ck_assert(f->ended);
		ck_assert_int_eq(f->how, END_FIN);
		ck_assert_uint_eq(f->got[cases[i].dir].bytes.len,
		    sizeof(alert));
		ck_assert_mem_eq(f->got[cases[i].dir].bytes.text, alert,
		    sizeof(alert));
		ck_assert_uint_eq(harness_events(h, EVENT_EFFECT, "alert"), 1);
		harness_free(h);
	}
}
END_TEST

START_TEST(the_direction_that_is_not_meant_passes)
{
	struct harness *h = harness_new(1);
	struct harness_flow *f;

	harness_add(h, "tls_alert");
	f = harness_open(h);
	harness_send(f, LINK_UP, "\x16\x03\x01");
	harness_expect(f, LINK_UP, "\x16\x03\x01");
	harness_send(f, LINK_DOWN, "220 no TLS\r\n");
	harness_expect(f, LINK_DOWN, "220 no TLS\r\n");
	ck_assert(!f->ended);
	harness_free(h);
}
END_TEST

int
main(void)
{
	return check_run("tls_alert",
	    (const TTest *const[]){the_alert_says_what_was_asked_for,
		the_direction_that_is_not_meant_passes, NULL});
}
