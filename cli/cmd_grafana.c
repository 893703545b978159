/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire grafana: has dashboards show windows of faults. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/diag_out.h"
#include "cli/options.h"
#include "config/load.h"
#include "faults/fault.h"
#include "telemetry/grafana.h"

#define TIMEOUT_US INT64_C(10000000)

struct grafana_options {
	const char *config, *url, *token_file, *ca_file;
	struct option_texts tags;
};

#define OPTION(letter, name, type, member, value, help)                        \
	{letter, name, type, offsetof(struct grafana_options, member), value,  \
	    help}

static const struct option_row options[] = {
    OPTION('c', "config", OPTION_TEXT, config, "FILE",
	"take URL and files from its grafana group"),
    OPTION(0, "url", OPTION_TEXT, url, "URL",
	"where Grafana is: http://grafana:3000"),
    OPTION(0, "token-file", OPTION_TEXT, token_file, "FILE",
	"the token of a service account; else FAULTWIRE_GRAFANA_TOKEN"),
    OPTION(0, "ca-file", OPTION_TEXT, ca_file, "FILE",
	"certificates that Grafana's is checked against"),
    OPTION('t', "tag", OPTION_TEXTS, tags, "TAG",
	"only windows that have it, such as route:db; may stand several "
	"times"),
    {0},
};

static const char details[] =
    "Adds a query for annotations to each dashboard and saves it; one that has "
    "it\nalready is left alone. Without a UID, and for dashboards that are "
    "provisioned from\nfiles, the query is printed, to be put into their "
    "annotations.list.\n";

static void
print_query(const json_t *query)
{
	char *text = json_dumps(query, JSON_INDENT(2));

	puts(text);
	free(text);
}

/* Returns an exit code, said if it is not EXIT_DONE. */
static int
add(struct receiver *r, const char *uid, const json_t *query)
{
	struct error err = {0};

	switch (grafana_add(r, uid, query, &err)) {
	case GRAFANA_ADDED:
		printf("Dashboard %s shows windows of faults from now on.\n",
		    uid);
		return EXIT_DONE;
	case GRAFANA_THERE:
		printf("Dashboard %s has that query already.\n", uid);
		return EXIT_DONE;
	case GRAFANA_UNSAVED:
		fprintf(stderr, "faultwire grafana: %s: %s; put this into its "
				"annotations.list by hand:\n", uid, err.text);
		print_query(query);
		return EXIT_FAILED;
	case GRAFANA_REFUSED:
		fprintf(stderr, "faultwire grafana: %s: %s\n", uid, err.text);
		return EXIT_FAILED;
	case GRAFANA_SILENT:
		fprintf(stderr, "faultwire grafana: %s\n", err.text);
		return EXIT_UNREACHABLE;
	}
	return EXIT_FAILED;
}

/* The worst of the exit codes. */
static int
add_all(const struct conf_grafana *c, const json_t *query, char **uids)
{
	struct error err = {0};
	struct receiver r = {0};
	char *token = NULL;
	int worst = EXIT_DONE;
	bool ok = grafana_token(c, &token, &err) &&
	    receiver_init(&r,
		&(struct receiver_settings){.url = c->url,
		    .token = token,
		    .ca_file = c->ca_file,
		    .timeout_us = TIMEOUT_US},
		&err);

	if (token != NULL)
		OPENSSL_cleanse(token, strlen(token));
	free(token);
	r.target.cancel_fd = -1;
	for (; ok && *uids != NULL; uids++) {
		int code = add(&r, *uids, query);

		worst = code > worst ? code : worst;
	}
	receiver_fini(&r);
	return ok ? worst : options_failed(&command_grafana, &err);
}

/* Options win over the file. False: there is no such file, or it is bad. */
static bool
read_config(struct grafana_options *opt, struct conf_model **model)
{
	struct conf_diag diag = {0};

	*model = conf_load_file(opt->config, &fault_kinds, &diag);
	if (*model == NULL)
		diag_out_findings(&diag);
	conf_diag_fini(&diag);
	if (*model == NULL)
		return false;
	if (opt->url == NULL)
		opt->url = (*model)->grafana.url;
	if (opt->token_file == NULL)
		opt->token_file = (*model)->grafana.token_file;
	if (opt->ca_file == NULL)
		opt->ca_file = (*model)->grafana.ca_file;
	return true;
}

static int
work(const struct grafana_options *opt, char **uids)
{
	json_t *query = grafana_query(opt->tags.items, opt->tags.count);
	int code = EXIT_DONE;

	if (*uids == NULL) {
		print_query(query);
	} else if (opt->url == NULL) {
		fprintf(stderr, "faultwire grafana: --url URL is needed, or "
				"-c FILE with a grafana group\n");
		code = EXIT_USAGE;
	} else {
		code = add_all(&(struct conf_grafana){
		    .url = (char *)opt->url,
		    .token_file = (char *)opt->token_file,
		    .ca_file = (char *)opt->ca_file}, query, uids);
	}
	json_decref(query);
	return code;
}

static int
run(int argc, char **argv)
{
	struct grafana_options opt = {0};
	struct conf_model *model = NULL;
	int rest = options_parse(&command_grafana, argc, argv, &opt);
	int code = EXIT_FAILED;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (opt.config == NULL || read_config(&opt, &model))
		code = work(&opt, &argv[rest]);
	conf_model_unref(model);
	free(opt.tags.items);
	return code;
}

const struct command command_grafana = {
    .name = "grafana",
    .usage = "[UID …]",
    .summary = "Has dashboards of Grafana show windows of faults",
    .options = options,
    .run = run,
    .details = details,
    .args_max = ARGS_ANY,
};
