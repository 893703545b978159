/* SPDX-License-Identifier: Apache-2.0 */
/* From options and file to a model. */
#include "control/run_config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "config/field.h"
#include "config/load.h"
#include "config/tables.h"
#include "control/toxiproxy.h"
#include "faults/fault.h"
#include "proxy/tls_context.h"

static bool
take_log(const char *key, const char *text, struct conf_log *to,
    struct error *err)
{
	struct error why;

	return text == NULL ||
	    conf_field_parse(conf_field_find(conf_log_fields, key), to, text,
		&why) ||
	    error_set(err, 0, "--log-%s: %s", key, why.text);
}

static bool
number(const char *option, const char *text, long long max, long long *to,
    struct error *err)
{
	char *end;

	errno = 0;
	*to = strtoll(text, &end, 10);
	return (errno == 0 && end != text && *end == '\0' && *to >= 0 &&
		   *to <= max) ||
	    error_set(err, 0, "--%s: \"%.80s\" is no such number; expected "
			      "0 \xe2\x80\xa6 %lld", option, text, max);
}

/* Where the API listens, by the command line; the rule of the file holds. */
static bool
take_control(const char *listen, struct conf_control *control,
    struct error *err)
{
	bool off = strcmp(listen, "off") == 0, ok;
	struct conf_address at = {0};
	struct error why;

	ok = off || conf_address_parse(listen, true, &at, &why);
	if (ok && !off && !conf_address_is_local(&at) &&
	    control->token_file == NULL && !control->insecure)
		ok = error_set(&why, 0, "others can reach %s; expected a file "
		    "with control.token_file, or insecure = true", listen);
	conf_address_fini(&at);
	if (!ok)
		return error_set(err, 0, "--control: %s", why.text);
	free(control->listen);
	control->listen = off ? NULL : xstrdup(listen);
	return true;
}

bool
run_override(const struct run_options *opt, struct conf_model *model,
    struct error *err)
{
	const struct conf_field *workers =
	    conf_field_find(conf_file_fields, "workers");
	long long n;

	model->observe.reactions |= opt->observe;
	if (!take_log("level", opt->log_level, &model->log, err) ||
	    !take_log("format", opt->log_format, &model->log, err))
		return false;
	if (opt->seed != NULL) {
		if (!number("seed", opt->seed, LLONG_MAX, &n, err))
			return false;
		model->seed = (uint64_t)n;
		model->has_seed = true;
	}
	if (opt->workers != NULL) {
		if (!number("workers", opt->workers, (long long)workers->max,
			&n, err))
			return false;
		model->workers = n;
	}
	if (opt->is_toxiproxy) {
		model->control.insecure = true;
		model->drain_timeout_us = 0;
	}
	return opt->control_listen == NULL ||
	    take_control(opt->control_listen, &model->control, err);
}

bool
run_usage_ok(const struct run_options *opt, const char *extra)
{
	bool file = opt->config != NULL;
	bool any = opt->listen != NULL || opt->upstream != NULL;
	bool plain = opt->listen != NULL && opt->upstream != NULL;

	if (extra == NULL && (opt->intercept == NULL || opt->user == NULL) &&
	    !(file && any) && any == plain &&
	    (file || plain || opt->toxiproxy_config != NULL))
		return true;
	if (extra == NULL && opt->intercept != NULL && opt->user != NULL) {
		fprintf(stderr, "faultwire run: --intercept and --user do not "
				"go together: that user could not remove the "
				"rules; make them by faultwire intercept up\n");
		return false;
	}
	if (extra != NULL)
		fprintf(stderr, "faultwire run: \"%s\" is too much; a file is "
				"given as -c FILE\n", extra);
	else
		fprintf(stderr, "faultwire run: either -c FILE, or --listen "
				"ADDR and --upstream ADDR, or "
				"--toxiproxy-config FILE are needed\n");
	fprintf(stderr, "Try \"faultwire run --help\".\n");
	return false;
}

void
run_prepare_process(void)
{
	struct rlimit limit;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct conf_model *
run_load(const struct run_options *opt, struct conf_diag *diag)
{
	const struct conf_options route = {
	    .listen = opt->listen,
	    .upstream = opt->upstream,
	    .protocol = opt->protocol,
	    .profile = opt->profile,
	    .faults = opt->faults.items,
	    .faults_count = opt->faults.count,
	};

	if (opt->config != NULL)
		return conf_load_file(opt->config, &fault_kinds, diag);
	if (opt->listen == NULL)
		return conf_load_text("", "options", &fault_kinds, diag);
	return conf_load_options(&route, &fault_kinds, diag);
}

bool
run_populate(const struct run_options *opt, struct state *state)
{
	const char *file = opt->toxiproxy_config;
	struct error err;
	size_t done;

	if (file == NULL)
		return true;
	if (toxiproxy_load(state, file, &done, &err)) {
		log_line(LOG_INFO, "toxiproxy_config", "proxies created",
		    LOG_STR("file", file), LOG_UINT("proxies", done), LOG_END);
		return true;
	}
	if (!opt->is_toxiproxy) {
		fprintf(stderr, "%s: %s\n", file, err.text);
		return false;
	}
	log_line(LOG_ERROR, "toxiproxy_config_failed",
	    "not all proxies of the file were created; running all the same",
	    LOG_STR("file", file), LOG_STR("error", err.text),
	    LOG_UINT("proxies", done), LOG_END);
	return true;
}

void
run_setup_log(const struct conf_model *model)
{
	log_setup((enum log_level)model->log.level,
	    (enum log_format)model->log.format, STDOUT_FILENO);
}

void
run_files(const struct conf_model *model, struct conf_strings *to)
{
	to->items = xcalloc(model->files_count, sizeof(*to->items));
	for (size_t i = 0; i < model->files_count; i++)
		to->items[to->count++] = xstrdup(model->files[i]);
	tls_contexts_files(model, to);
}

void
run_log_diag(const struct conf_diag *diag)
{
	for (size_t i = 0; i < diag->count; i++) {
		const struct conf_message *m = &diag->messages[i];

		log_line(m->warning ? LOG_WARN : LOG_ERROR,
		    m->warning ? "config_warning" : "config_error",
		    m->warning ? "configuration: warning"
			       : "configuration: error",
		    LOG_STR("where", m->where), LOG_STR("error", m->text),
		    LOG_END);
	}
}
