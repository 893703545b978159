/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire check: is this configuration good? */
#include <stdio.h>

#include "base/json.h"
#include "cli/options.h"
#include "config/load.h"
#include "faults/fault.h"
#include "proxy/tls_context.h"

struct check_options {
	const char *config;
	bool json;
};

static const struct option_row options[] = {
    {'c', "config", OPTION_TEXT, offsetof(struct check_options, config),
	"FILE", "the configuration to validate"},
    {0, "json", OPTION_FLAG, offsetof(struct check_options, json), NULL,
	"print the findings as JSON"},
    {0},
};

static void
print_json(const struct conf_diag *diag)
{
	struct str out = {0};
	struct jsonw w;

	jsonw_init(&w, &out);
	jsonw_object(&w);
	jsonw_put_bool(&w, "valid", diag->errors == 0);
	jsonw_key(&w, "messages");
	jsonw_array(&w);
	for (size_t i = 0; i < diag->count; i++) {
		const struct conf_message *m = &diag->messages[i];

		jsonw_object(&w);
		jsonw_put_string(&w, "severity",
		    m->warning ? "warning" : "error");
		jsonw_put_string(&w, "where", m->where);
		jsonw_put_string(&w, "message", m->text);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	puts(out.text);
	str_fini(&out);
}

static void
print_text(const struct conf_diag *diag, const char *path)
{
	for (size_t i = 0; i < diag->count; i++) {
		const struct conf_message *m = &diag->messages[i];

		fprintf(stderr, "%s: %s%s\n", m->where,
		    m->warning ? "warning: " : "", m->text);
	}
	if (diag->errors == 0)
		printf("%s: good\n", path);
	else
		fprintf(stderr, "%zu error%s\n", diag->errors,
		    diag->errors == 1 ? "" : "s");
}

static int
run(int argc, char **argv)
{
	struct check_options opt = {0};
	struct conf_diag diag = {0};
	struct conf_model *model;
	int rest = options_parse(&command_check, argc, argv, &opt), code;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (opt.config == NULL && rest < argc)
		opt.config = argv[rest++];
	if (opt.config == NULL || rest < argc) {
		fprintf(stderr, "faultwire check: one file is needed, as "
				"-c FILE\n");
		return EXIT_USAGE;
	}
	model = conf_load_file(opt.config, &fault_kinds, &diag);
	if (model != NULL)
		tls_contexts_check(model, &diag);
	if (opt.json)
		print_json(&diag);
	else
		print_text(&diag, opt.config);
	code = diag.errors == 0 ? EXIT_DONE : EXIT_FAILED;
	conf_model_unref(model);
	conf_diag_fini(&diag);
	return code;
}

const struct command command_check = {
    .name = "check",
    .usage = "-c FILE",
    .summary = "Validates a configuration and reports every error in it",
    .options = options,
    .run = run,
};
