/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire healthcheck: for containers without a curl. Its codes are those
 * that orchestrators know: 0 is healthy, 1 is not, whatever the reason. */
#include <string.h>

#include "cli/cli.h"

/* Docker's usual limit for the whole command is 3 s. */
#define TIMEOUT_US 2500000

static const struct option_row options[] = {
    CLI_OPTIONS,
    {0, "url", OPTION_TEXT, offsetof(struct cli, control), "URL",
	"the same with a path: http://[HOST]:PORT/readyz"},
    {0},
};

/* The path of a URL, "/livez" if it has none; the address of a Unix socket
 * is all place. */
static const char *
path_of(const char *url)
{
	const char *slash;

	if (url == NULL || strncmp(url, "unix:", 5) == 0)
		return "/livez";
	if (strncmp(url, "http://", 7) == 0)
		url += 7;
	slash = strchr(url, '/');
	return slash != NULL && slash[1] != '\0' ? slash : "/livez";
}

static int
check(struct cli *cli)
{
	struct http_client_request request = {"GET", path_of(cli->control),
	    NULL};
	struct error err = {0};

	cli->target.timeout_us = TIMEOUT_US;
	if (!http_client_call(&cli->target, &request, &cli->reply, &err)) {
		cli_say(cli, "%s", err.text);
		return EXIT_FAILED;
	}
	if (cli->reply.status / 100 == 2)
		return EXIT_DONE;
	cli_say(cli, "%s: status %d", request.path, cli->reply.status);
	return EXIT_FAILED;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};
	int rest = cli_begin(&cli, &command_healthcheck, argc, argv);

	return cli_end(&cli, rest > 0 ? check(&cli) : -rest);
}

const struct command command_healthcheck = {
    .name = "healthcheck",
    .usage = "[--url URL]",
    .summary = "Asks a running faultwire whether it lives: 0 yes, 1 no",
    .options = options,
    .run = run,
};
