/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire profiles: the known networks that a route can be like. */
#include <stdio.h>

#include "cli/options.h"
#include "config/profile.h"

struct profiles_options {
	bool json;
};

static const struct option_row options[] = {
    {0, "json", OPTION_FLAG, offsetof(struct profiles_options, json), NULL,
	"print as JSON"},
    {0},
};

static void
print_json(int id, struct str *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	if (id >= 0) {
		conf_profile_json(id, &w);
	} else {
		jsonw_array(&w);
		for (int i = PROFILE_NONE + 1; i < PROFILE_COUNT; i++)
			conf_profile_json(i, &w);
		jsonw_array_end(&w);
	}
	str_add(out, "\n");
}

static int
run(int argc, char **argv)
{
	struct profiles_options opt = {0};
	int rest = options_parse(&command_profiles, argc, argv, &opt), id = -1;
	struct str out = {0};
	struct error err;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (rest + 1 < argc) {
		fprintf(stderr, "faultwire profiles: one NAME at most\n");
		return EXIT_USAGE;
	}
	if (rest < argc) {
		id = conf_profile_find(argv[rest], &err);
		if (id < 0) {
			fprintf(stderr, "faultwire profiles: %s\n", err.text);
			return EXIT_FAILED;
		}
	}
	if (opt.json)
		print_json(id, &out);
	else if (id >= 0)
		conf_profile_text(id, &out);
	else
		conf_profiles_text(&out);
	fputs(out.text, stdout);
	str_fini(&out);
	return EXIT_DONE;
}

const struct command command_profiles = {
    .name = "profiles",
    .usage = "[NAME]",
    .summary = "Lists known networks, or tells the figures of one and their "
	       "source",
    .options = options,
    .run = run,
    .args_max = 1,
    .args = "PROFILE",
};
