/* SPDX-License-Identifier: Apache-2.0 */
/* What is going on, for whoever watches: one block that is drawn again on a
 * terminal, else a line now and then. */
#ifndef RUNNER_PROGRESS_H
#define RUNNER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner/pulse.h"
#include "runner/machine.h"

struct progress {
	bool quiet, tty;
	size_t drawn; /* lines of the block on the screen */
	int64_t next_us;
	enum machine_state state; /* that was told last */
	size_t scenario;
	bool told;
};

/* `quiet`: nothing is ever said. */
void progress_init(struct progress *p, bool quiet);
/* Says what there is to say at this time, on stderr. */
void progress_show(struct progress *p, const struct machine *m,
		   const struct pulse *l, int64_t now_us);
/* The block stays; what follows begins on a line of its own. */
void progress_end(struct progress *p);

#endif
