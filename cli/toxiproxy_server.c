/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-server: `faultwire run` behind the flags, the environment and the
 * habits of Toxiproxy's server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "cli/go_flags.h"
#include "cli/serve.h"
#include "control/toxiproxy.h"

struct server_flags {
	const char *host, *port, *config, *seed;
	bool proxy_metrics, runtime_metrics, version, help;
};

static const struct option_row flags[] = {
    {0, "config", OPTION_TEXT, offsetof(struct server_flags, config),
	"string", "JSON file with the proxies to begin with"},
    {0, "host", OPTION_TEXT, offsetof(struct server_flags, host), "string",
	"where the API listens (default \"localhost\")"},
    {0, "port", OPTION_TEXT, offsetof(struct server_flags, port), "string",
	"the API's port (default \"8474\")"},
    {0, "proxy-metrics", OPTION_FLAG,
	offsetof(struct server_flags, proxy_metrics), NULL,
	"add Toxiproxy's counters to /metrics"},
    {0, "runtime-metrics", OPTION_FLAG,
	offsetof(struct server_flags, runtime_metrics), NULL,
	"accepted; /metrics always tells of the process"},
    {0, "seed", OPTION_TEXT, offsetof(struct server_flags, seed), "int",
	"seed of every random decision (default: chosen and logged)"},
    {0, "version", OPTION_FLAG, offsetof(struct server_flags, version), NULL,
	"print the version of Toxiproxy's API"},
    {'h', "help", OPTION_FLAG, offsetof(struct server_flags, help), NULL,
	"print this"},
    {0},
};

/* Toxiproxy's levels; what is below ours is ours. */
static const struct {
	const char *word, *level;
} levels[] = {
    {"trace", "debug"}, {"debug", "debug"}, {"info", "info"},
    {"warn", "warn"}, {"warning", "warn"}, {"error", "error"},
    {"fatal", "error"}, {"panic", "error"}, {"", "debug"},
};

static void
print_usage(const char *name)
{
	fprintf(stderr, "Usage of %s:\n", name);
	for (const struct option_row *row = flags; row->name != NULL; row++)
		fprintf(stderr, "  -%s%s%s\n    \t%s\n", row->name,
		    row->value != NULL ? " " : "",
		    row->value != NULL ? row->value : "", row->help);
}

/* As a number that our own option takes. False: it is none. */
static bool
read_seed(const char *text, char to[32])
{
	char *end;
	long long seed;

	errno = 0;
	seed = strtoll(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0')
		return false;
	snprintf(to, 32, "%lld", seed & INT64_MAX);
	return true;
}

static const char *
read_level(void)
{
	const char *word = getenv("LOG_LEVEL");

	if (word == NULL)
		return "debug";
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		if (strcasecmp(word, levels[i].word) == 0)
			return levels[i].level;
	}
	log_line(LOG_ERROR, "log_level",
	    "unknown LOG_LEVEL, everything is logged",
	    LOG_STR("error", word), LOG_END);
	return "debug";
}

static int
serve(const struct server_flags *f, const char *seed)
{
	const char *host = f->host != NULL ? f->host : "localhost";
	bool is_v6 = strchr(host, ':') != NULL;
	char *listen = xasprintf("%s%s%s:%s", is_v6 ? "[" : "", host,
	    is_v6 ? "]" : "", f->port != NULL ? f->port : "8474");
	struct run_options opt = {
	    .toxiproxy_config = f->config != NULL && *f->config != '\0'
		? f->config : NULL,
	    .control_listen = listen,
	    .log_format = "json",
	    .log_level = read_level(),
	    .seed = seed,
	    .is_toxiproxy = true,
	    .toxiproxy_metrics = f->proxy_metrics,
	};
	int code = serve_proxy(&opt);

	free(listen);
	return code;
}

static int
run(int argc, char **argv)
{
	struct server_flags f = {0};
	struct go_words words = {argv + 1, argc - 1, false};
	struct error err;
	char seed[32];
	bool ok = go_flags_parse(flags, &words, &f, &err);

	if (ok && f.seed != NULL && !read_seed(f.seed, seed))
		ok = error_set(&err, 0, "invalid value \"%s\" for flag -seed: "
					"parse error", f.seed);
	if (!ok)
		fprintf(stderr, "%s\n", err.text);
	if (!ok || f.help) {
		print_usage(argv[0]);
		return ok ? EXIT_DONE : EXIT_USAGE;
	}
	if (f.version) {
		printf("toxiproxy-server version " TOXIPROXY_VERSION "\n");
		return EXIT_DONE;
	}
	return serve(&f, f.seed != NULL ? seed : NULL);
}

const struct command command_toxiproxy_server = {
    .name = "toxiproxy-server",
    .usage = "[-host HOST] [-port PORT] [-config FILE] …",
    .summary = "Runs in Toxiproxy's stead, with its flags",
    .options = flags,
    .run = run,
};
