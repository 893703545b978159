/* SPDX-License-Identifier: Apache-2.0 */
/* Changes by way of the API, and what a dry run says of one. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

#define MATCHES_SHOWN 10

static void
add_change(struct table *t, const json_t *change)
{
	const char *fault = cli_text(change, "fault");

	table_add(t, cli_text(change, "change"));
	table_add(t, cli_text(change, "route"));
	table_add(t, fault[0] != '\0' ? fault
				      : cli_text(change, "partition"));
	table_add(t, cli_text(change, "type"));
}

static void
print_matches(const json_t *matches)
{
	size_t count = json_array_size(matches);
	struct table t;

	if (count == 0)
		return;
	table_init(&t, ">SESSION|ROUTE|CLIENT");
	for (size_t i = 0; i < MIN(count, MATCHES_SHOWN); i++) {
		const json_t *match = json_array_get(matches, i);

		table_addf(&t, "%.0f", cli_number(match, "session"));
		table_add(&t, cli_text(match, "route"));
		table_add(&t, cli_text(match, "client"));
	}
	putchar('\n');
	cli_print_table(&t);
	if (count > MATCHES_SHOWN)
		printf("… and more; --json lists up to 100\n");
}

static void
print_dry_run(const json_t *answer)
{
	const json_t *changes = json_object_get(answer, "changes");
	double sessions = cli_number(answer, "sessions");
	struct table t;

	if (json_array_size(changes) == 0) {
		printf("Nothing would change.\n");
		return;
	}
	table_init(&t, "WOULD CHANGE|ROUTE|FAULT, PARTITION|TYPE");
	for (size_t i = 0; i < json_array_size(changes); i++)
		add_change(&t, json_array_get(changes, i));
	cli_print_table(&t);
	printf("\nLive sessions that match: %.0f\n", sessions);
	print_matches(json_object_get(answer, "matches"));
}

bool
cli_talks(const struct cli *cli, int code)
{
	return code == EXIT_DONE && !cli->json && !cli->dry_run;
}

int
cli_change(struct cli *cli, const char *method, const char *path,
    json_t *body, const char *done)
{
	struct str full = {0};
	int code;

	json_decref(cli->answer);
	str_add(&full, path);
	cli_query(&full, "dry_run", cli->dry_run ? "true" : NULL);
	code = cli_call(cli, method, full.text, body, &cli->answer);
	if (code == EXIT_DONE && cli->json)
		cli_print_reply(cli);
	else if (code == EXIT_DONE && cli->dry_run)
		print_dry_run(cli->answer);
	else if (code == EXIT_DONE && done != NULL)
		puts(done);
	str_fini(&full);
	return code;
}
