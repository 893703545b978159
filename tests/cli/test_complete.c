/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand next on a command line. */
#include "cli/complete.h"

#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "tests/harness/check_run.h"

static const struct command *const list[] = {
    &command_check,
    &command_complete,
    &command_events,
    &command_explain,
    &command_fault,
    &command_faults,
    &command_partition,
    &command_route,
    &command_status,
    NULL,
};

static void
note(void *arg, const char *word, const char *help)
{
	if (word[0] == '\0')
		str_printf(arg, "%s!", help);
	else
		str_printf(arg, "%s;", word);
}

/* A proxy with two routes; the fault "slow" is a latency. */
static void
find(void *arg, struct complete *c, enum complete_live what)
{
	switch (what) {
	case LIVE_ROUTES:
		complete_take(c, what, "web");
		complete_take(c, what, "api");
		break;
	case LIVE_FAULTS:
		complete_take(c, what, c->route);
		complete_take(c, what, "slow");
		break;
	case LIVE_PARTITIONS:
		complete_take(c, what, "split");
		break;
	case LIVE_SESSIONS:
		complete_take(c, what, "12");
		break;
	case LIVE_KIND:
		if (strcmp(c->fault, "slow") == 0)
			complete_take(c, what, "latency");
		break;
	}
}

static char *
candidates(const char *line)
{
	struct str out = {0};
	struct complete c = {.list = list, .offer = note, .live = find,
	    .arg = &out};
	char *copy = xstrdup(line), *rest = copy, *words[16];

	while ((words[c.count] = strsep(&rest, " ")) != NULL)
		c.count++;
	c.words = words;
	complete_run(&c);
	free(copy);
	return str_take(&out);
}

static const struct {
	const char *line, *candidates;
} lines[] = {
    /* commands, verbs */
    {"", "check;events;explain;fault;faults;partition;route;status;"},
    {"fa", "fault;faults;"},
    {"fault ", "add;disable;enable;list;remove;set;show;"},
    {"fault s", "set;show;"},
    {"nonsense ", ""},
    {"nonsense wo", ""},
    /* options and their values */
    {"-", "--help;--version;"},
    {"status --", "--control;--token-file;--json;--help;"},
    {"status --json --t", "--token-file;"},
    {"fault add --f", "--for;"},
    {"status --token-file ", "files!"},
    {"status --token-file=", "files!"},
    {"check -c ", "files!"},
    {"status --control ", ""},
    {"route add r --protocol h", "http;"},
    {"route add r --protocol=h", "--protocol=http;"},
    {"route add r --fault noo", "noop;"},
    {"events --type deci", "decision;"},
    {"events --type effect,deci", "effect,decision;"},
    {"events --route w", "web;"},
    {"events --route web --fault w", "web;"},
    /* names that the proxy knows */
    {"route show ", "web;api;"},
    {"route show a", "api;"},
    {"route --control u show a", "api;"},
    {"route show web ", ""},
    {"fault set web s", "slow;"},
    {"fault set web --json s", "slow;"},
    {"partition heal ", "split;"},
    {"explain 1", "12;"},
    /* kinds and their parameters */
    {"fault add web laten", "latency;"},
    {"fault add web latency ji", "jitter=;"},
    {"fault add web latency,jitter=1ms ji", "jitter=;"},
    {"fault add web latency,ji", "latency,jitter=;"},
    {"fault add web latency distribution=n", "distribution=normal;"},
    {"fault add web latency,distribution=n", "latency,distribution=normal;"},
    {"fault add web latency enabled=", "enabled=true;enabled=false;"},
    {"fault add web latency when.pa", "when.path=;"},
    {"fault add web latency latency=8", ""},
    {"fault add web noop ji", ""},
    {"fault set web slow ji", "jitter=;"},
    {"fault set web other ji", ""},
    {"route set web match.h", "match.host=;"},
    {"route set web protocol=h", "protocol=http;"},
    {"partition add p gr", "groups=;"},
    {"partition add p mode=j", "mode=jam;"},
    {"faults rese", "reset_peer;"},
};

START_TEST(a_line_goes_on_with_what_fits)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		char *got = candidates(lines[i].line);

		ck_assert_msg(strcmp(got, lines[i].candidates) == 0,
		    "\"%s\" gave \"%s\", not \"%s\"", lines[i].line, got,
		    lines[i].candidates);
		free(got);
	}
}
END_TEST

int
main(void)
{
	return check_run("complete", (const TTest *const[]){
	    a_line_goes_on_with_what_fits, NULL});
}
