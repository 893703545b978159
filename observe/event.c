/* SPDX-License-Identifier: Apache-2.0 */
/* The words of events. */
#include "observe/event.h"

#include <assert.h>

const char *
event_type_name(enum event_type type)
{
	static const char *const words[] = {
#define X(id, word) word,
	    EVENT_TYPES(X)
#undef X
	};

	assert(type < EVENT_TYPE_COUNT);
	return words[type];
}

const char *
event_verdict_name(enum event_verdict verdict)
{
	static const char *const words[] = {
#define X(id, word) word,
	    EVENT_VERDICTS(X)
#undef X
	};

	return words[verdict];
}
