/* SPDX-License-Identifier: Apache-2.0 */
/* Redis, PostgreSQL and raw bytes against servers that say what they should
 * not. */
#include <check.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/harness/check_run.h"
#include "tests/load/driving.h"

#define N 4

#define WIRE(text) text, sizeof(text) - 1
#define NOTHING	   NULL, 0
#define AUTH_OK	   "R\0\0\0\10\0\0\0\0"
#define READY	   "Z\0\0\0\5I"
#define ERROR	   "E\0\0\0\14SFATAL\0\0"
#define SASL(name) "R\0\0\0\27\0\0\0\12" name "\0\0"

static const struct script {
	const char *what;
	int protocol;
	const char *expect;
	const char *greeting; /* after the first bytes; NULL: no such turn */
	size_t greeting_len;
	const char *answer;
	size_t answer_len;
	bool closes; /* after an answer */
	enum sample_outcome outcome;
	unsigned opened; /* connections for N requests */
} scripts[] = {
    {"an answer", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY),
     WIRE("C\0\0\0\6X\0" READY), false, SAMPLE_OK, 1},
    {"an error", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY), WIRE(ERROR READY),
     false, SAMPLE_FAILED, 1},
    {"an error, and the end", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY),
     WIRE(ERROR), true, SAMPLE_FAILED, N},
    {"the end", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY), WIRE("C"), true,
     SAMPLE_BROKEN, N},
    {"a transaction left open", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY),
     WIRE("Z\0\0\0\5T"), false, SAMPLE_OK, N},
    {"both ways of copying", LOAD_POSTGRES, NULL, WIRE(AUTH_OK READY),
     WIRE("W\0\0\0\7\0\0\0"), false, SAMPLE_BROKEN, N},
    {"no PostgreSQL", LOAD_POSTGRES, NULL, WIRE("HTTP/1.1 400 Bad"), NOTHING,
     false, SAMPLE_BROKEN, N},
    {"a refusal", LOAD_POSTGRES, NULL, WIRE(ERROR), NOTHING, true,
     SAMPLE_FAILED, N},
    {"Kerberos", LOAD_POSTGRES, NULL, WIRE("R\0\0\0\10\0\0\0\7"), NOTHING,
     false, SAMPLE_BROKEN, N},
    {"a truncated demand", LOAD_POSTGRES, NULL, WIRE("R\0\0\0\6\0\0"), NOTHING,
     false, SAMPLE_BROKEN, N},
    {"an unknown SASL", LOAD_POSTGRES, NULL, WIRE(SASL("SCRAM-SHA-512")),
     NOTHING, false, SAMPLE_BROKEN, N},
    {"SCRAM without a proof", LOAD_POSTGRES, NULL,
     WIRE(SASL("SCRAM-SHA-256") AUTH_OK READY), NOTHING, false, SAMPLE_BROKEN,
     N},
    {"a challenge that nobody asked for", LOAD_POSTGRES, NULL,
     WIRE("R\0\0\0\14\0\0\0\13r=xx"), NOTHING, false, SAMPLE_BROKEN, N},
    {"a reply", LOAD_REDIS, NULL, NOTHING, WIRE("+OK\r\n"), false, SAMPLE_OK,
     1},
    {"an error", LOAD_REDIS, NULL, NOTHING, WIRE("-ERR\r\n"), false,
     SAMPLE_FAILED, 1},
    {"a pattern that is met", LOAD_REDIS, "O*K", NOTHING,
     WIRE("*2\r\n$1\r\nO\r\n+KO\r\n"), false, SAMPLE_OK, 1},
    {"a pattern that is not", LOAD_REDIS, "KO$", NOTHING, WIRE("+OK\r\n"),
     false, SAMPLE_FAILED, 1},
    {"no Redis", LOAD_REDIS, NULL, NOTHING, WIRE("what?\r\n"), false,
     SAMPLE_BROKEN, N},
    /* Longer than the first, so that half of all is more than that one. */
    {"a reply too many", LOAD_REDIS, NULL, NOTHING, WIRE("+OK\r\n+OKAY\r\n"),
     false, SAMPLE_OK, N},
    {"half a reply", LOAD_REDIS, NULL, NOTHING, WIRE("$5\r\nhel"), true,
     SAMPLE_BROKEN, N},
    {"any bytes", LOAD_RAW, NULL, NOTHING, WIRE("x"), false, SAMPLE_OK, 1},
    {"what is expected", LOAD_RAW, "~[0-9]+\n", NOTHING, WIRE("is 42\n"), false,
     SAMPLE_OK, 1},
    {"the end before it", LOAD_RAW, "42", NOTHING, WIRE("is 4"), true,
     SAMPLE_BROKEN, N},
};

static void
serve_script(struct peer *p, int fd, unsigned nth)
{
	const struct script *s = p->arg;
	char request[4096];

	if (s->greeting != NULL) {
		if (recv(fd, request, sizeof(request), 0) <= 0)
			return;
		peer_send(fd, s->greeting, s->greeting_len, 0);
	}
	while (recv(fd, request, sizeof(request), 0) > 0) {
		/* Half of it, and the other half. */
		if (request[0] == 'X' ||
		    !peer_send(fd, s->answer, s->answer_len,
			       s->answer_len / 2) ||
		    s->closes)
			return;
	}
}

static void
check_script(const struct script *s)
{
	struct conf_request request = {
	    .weight = 1, .send = (char *)"PING", .expect = (char *)s->expect};
	struct conf_load load = driving_load(&request);
	struct driving d = {0};
	struct peer p = {.arg = (void *)s};

	load.protocol = s->protocol;
	load.timeout_us = 2000000;
	driving_against(&d, &load, &p, serve_script, N);
	for (size_t i = 0; i < d.samples.count; i++)
		ck_assert_msg(d.samples.items[i].outcome == s->outcome,
			      "%s (protocol %d): sample %zu: outcome %d",
			      s->what, s->protocol, i,
			      d.samples.items[i].outcome);
	ck_assert_msg(d.tally.opened == s->opened,
		      "%s (protocol %d): %lu connections", s->what, s->protocol,
		      d.tally.opened);
	ck_assert_uint_eq(d.tally.resent, 0);
	driving_fini(&d);
}

START_TEST(what_servers_say_becomes_the_right_outcome)
{
	for (size_t i = 0; i < COUNT_OF(scripts); i++)
		check_script(&scripts[i]);
}
END_TEST

int
main(void)
{
	return check_run("protocols",
			 (const TTest *const[]){
			     what_servers_say_becomes_the_right_outcome,
			     NULL,
			 });
}
