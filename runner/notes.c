/* SPDX-License-Identifier: Apache-2.0 */
/* Growing lists of a run. */
#include "runner/notes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/xalloc.h"

void
run_note(struct run *run, int64_t at_us, const char *kind, const char *format,
	 ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup(format);
	va_end(args);
	run->notes =
	    xrealloc(run->notes, (run->notes_count + 1) * sizeof(*run->notes));
	run->notes[run->notes_count++] =
	    (struct run_note){.at_us = at_us, .kind = kind, .text = text};
}

void
run_phase_end(struct run *run, int64_t at_us)
{
	struct phase *last =
	    run->phases_count > 0 ? &run->phases[run->phases_count - 1] : NULL;

	if (last != NULL && last->to_us == RUN_NEVER)
		last->to_us = at_us;
}

void
run_phase(struct run *run, const char *name, int64_t at_us)
{
	run_phase_end(run, at_us);
	run->phases = xrealloc(run->phases,
			       (run->phases_count + 1) * sizeof(*run->phases));
	run->phases[run->phases_count++] =
	    (struct phase){.name = name, .from_us = at_us, .to_us = RUN_NEVER};
}
