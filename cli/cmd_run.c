/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire run: the proxy. */
#include <stdlib.h>

#include "cli/options.h"
#include "cli/serve.h"

static const struct option_row options[] = {
    {'c', "config", OPTION_TEXT, offsetof(struct run_options, config), "FILE",
	"the configuration; reloaded when it changes"},
    {0, "listen", OPTION_TEXT, offsetof(struct run_options, listen), "ADDR",
	"without a file: listen here ([HOST]:PORT, unix:PATH)"},
    {0, "upstream", OPTION_TEXT, offsetof(struct run_options, upstream),
	"ADDR", "without a file: lead to HOST:PORT or unix:PATH"},
    {0, "protocol", OPTION_TEXT, offsetof(struct run_options, protocol),
	"NAME",
	"without a file: tcp (default), http, udp, dns, redis, postgres or "
	"mysql"},
    {0, "profile", OPTION_TEXT, offsetof(struct run_options, profile),
	"PROFILE", "without a file: be like a known network, such as 3g"},
    {0, "fault", OPTION_TEXTS, offsetof(struct run_options, faults),
	"KIND,…", "without a file: a fault, as KIND[,KEY=VALUE]…"},
    {0, "toxiproxy-config", OPTION_TEXT,
	offsetof(struct run_options, toxiproxy_config), "FILE",
	"create the proxies of Toxiproxy's JSON file, too"},
    {0, "control", OPTION_TEXT, offsetof(struct run_options, control_listen),
	"ADDR", "where the control API listens; wins over the file"},
    {0, "journal", OPTION_TEXT, offsetof(struct run_options, journal), "FILE",
	"write every decision and effect as JSON lines"},
    {0, "observe", OPTION_FLAG, offsetof(struct run_options, observe), NULL,
	"watch how clients react to faults, as observe.reactions does"},
    {0, "seed", OPTION_TEXT, offsetof(struct run_options, seed), "N",
	"seed of every random decision; wins over the file"},
    {0, "workers", OPTION_TEXT, offsetof(struct run_options, workers), "N",
	"worker threads; wins over the file"},
    {0, "user", OPTION_TEXT, offsetof(struct run_options, user),
	"USER", "started as root: become USER[:GROUP] once all is open"},
    {0, "intercept", OPTION_TEXT, offsetof(struct run_options, intercept),
	"HOOK", "make firewall rules for routes that want them (output, "
	"prerouting or both), and remove them at the end"},
    {0, "log-format", OPTION_TEXT, offsetof(struct run_options, log_format),
	"NAME", "json, logfmt or text; default text on a terminal, else json"},
    {0, "log-level", OPTION_TEXT, offsetof(struct run_options, log_level),
	"NAME", "debug, info, warn or error"},
    {0},
};

static int
run(int argc, char **argv)
{
	struct run_options opt = {0};
	int rest = options_parse(&command_run, argc, argv, &opt);

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	rest = run_usage_ok(&opt, rest < argc ? argv[rest] : NULL)
	    ? serve_proxy(&opt)
	    : EXIT_USAGE;
	free(opt.faults.items);
	return rest;
}

const struct command command_run = {
    .name = "run",
    .usage = "-c FILE | --listen ADDR --upstream ADDR [--profile PROFILE] "
	     "[--fault KIND,…] | --toxiproxy-config FILE",
    .summary = "Runs the proxy in the foreground, logs on standard output",
    .options = options,
    .run = run,
};
