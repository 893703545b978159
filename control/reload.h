/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file of a running proxy: reading it again when it changed
 * (by its watch), on a signal, or when the API asks, and how that went. */
#ifndef CONTROL_RELOAD_H
#define CONTROL_RELOAD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/notify.h"
#include "config/diag.h"
#include "control/run_config.h"
#include "control/state.h"
#include "control/telemetry.h"

struct reload;

/* How the file was read last. */
struct reload_report {
	const char *file; /* NULL: there is none; nothing else counts then */
	int64_t loaded_wall_us;	      /* when what is in force was read */
	bool ok;		      /* of the last try */
	const struct conf_diag *diag; /* of the last try; borrowed until the
					 next */
};

/* Watches the file that `opt` (borrowed) names, as it comes into force by
 * `state` (borrowed); `loaded` is its watch_hash() from before it was read at
 * start. Without a file there is nothing to reload. Returns owned. */
struct reload *reload_new(struct event_base *base,
			  const struct run_options *opt, struct state *state,
			  uint64_t loaded);
/* Others have a say: `check` may refuse a model (diag says why), `applied` is
 * told of one that came into force. Borrows arg; NULLs end that. */
void reload_attach(struct reload *r,
		   bool (*check)(void *arg, const struct conf_model *model,
				 struct conf_diag *diag),
		   void (*applied)(void *arg, const struct conf_model *model),
		   void *arg);
/* From now on the service manager is told of every reload; borrows it. */
void reload_notify(struct reload *r, const struct notify *notify);
/* From now on telemetry follows every reload; borrows it. */
void reload_telemetry(struct reload *r, struct telemetry *telemetry);
/* Reads the file and puts it into force; it is logged how that went. False: it
 * was refused, nothing has changed; the report says why. There must be a
 * file. */
bool reload_run(struct reload *r);
/* Reads the file as reload_run() would. Returns a counted model, or NULL and
 * errors in diag. */
struct conf_model *reload_read(const struct reload *r,
			       struct conf_diag *diag) WARN_UNUSED;
struct reload_report reload_report(const struct reload *r);
/* From now on a file that changes is left alone. */
void reload_stop(struct reload *r);
/* NULL is accepted. */
void reload_free(struct reload *r);

#endif
