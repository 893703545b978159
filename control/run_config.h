/* SPDX-License-Identifier: Apache-2.0 */
/* What `faultwire run` is told: options, and the model they and the file lead
 * to. */
#ifndef CONTROL_RUN_CONFIG_H
#define CONTROL_RUN_CONFIG_H

#include <stdbool.h>

#include "config/diag.h"
#include "config/model.h"
#include "config/option.h"
#include "control/state.h"

struct run_options {
	const char *config, *listen, *upstream, *protocol, *profile;
	const char *journal;
	bool observe; /* reactions, whatever the file says */
	const char *user;
	const char *intercept; /* a hook; NULL: no firewall rules */
	const char *log_format, *log_level, *seed, *workers;
	const char *toxiproxy_config; /* of Toxiproxy; NULL: none */
	struct option_texts faults;
	const char *control_listen; /* wins over the file; NULL: the file's */
	/* What only the front toxiproxy-server says. */
	bool is_toxiproxy; /* bad proxies at start are told and left out, the
			      API needs no token, the end does not wait */
	bool toxiproxy_metrics; /* /metrics has Toxiproxy's own, too */
};

/* Do the options go together, with no argument beside them (`extra`: the
 * first, NULL: none)? False: said on standard error. */
bool run_usage_ok(const struct run_options *opt, const char *extra);
/* What a process that carries traffic needs: no death by a closed pipe, no new
 * privileges, as many descriptors as it may have. */
void run_prepare_process(void);
/* Reads the file, or makes a model of the options. Returns owned, or NULL and
 * at least one error in diag. */
struct conf_model *run_load(const struct run_options *opt,
    struct conf_diag *diag);
/* What the command line says wins over the file, at every load. False: err
 * names the option that is wrong, the model is half changed. */
bool run_override(const struct run_options *opt, struct conf_model *model,
    struct error *err);
/* Creates the proxies of opt->toxiproxy_config. False: said on standard error,
 * and the program is not to go on. */
bool run_populate(const struct run_options *opt, struct state *state);
/* From now on lines are logged as the model says. */
void run_setup_log(const struct conf_model *model);
/* Lists in `to`, which is zeroed, every file that the model came from or names:
 * a change of any is a reason to load again. The items and their list are the
 * caller's. */
void run_files(const struct conf_model *model, struct conf_strings *to);
/* Logs the findings. */
void run_log_diag(const struct conf_diag *diag);

#endif
