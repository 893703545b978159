/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/v1_call.h"

const char *
v1_query(const struct v1_call *call, const char *name)
{
	for (size_t i = 0; i < call->query_count; i++) {
		if (strcmp(call->query[i].name, name) == 0)
			return call->query[i].value;
	}
	return NULL;
}

bool
v1_query_bool(struct v1_call *call, const char *name, bool *to)
{
	const char *value = v1_query(call, name);

	if (value == NULL)
		return true;
	*to = *value == '\0' || strcmp(value, "true") == 0 ||
	      strcmp(value, "1") == 0;
	if (*to || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return true;
	return v1_fail(
	    call, 400, name,
	    "%s: \"%.40s\" is neither true nor false; expected true or false",
	    name, value);
}

static bool
parse(const char *text, uint64_t max, uint64_t *to)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || n > max)
		return false;
	*to = n;
	return true;
}

bool
v1_query_number(struct v1_call *call, const char *name, uint64_t max,
		uint64_t *to)
{
	const char *value = v1_query(call, name);

	if (value == NULL || parse(value, max, to))
		return true;
	return v1_fail(
	    call, 400, name,
	    "%s: \"%.40s\" is no such number; expected 0 \xe2\x80\xa6 %llu",
	    name, value, (unsigned long long)max);
}

bool
v1_number(struct v1_call *call, const char *text, uint64_t *to)
{
	if (parse(text, UINT64_MAX, to))
		return true;
	return v1_fail(call, 404, NULL,
		       "\"%.40s\" is no number; expected a number in the path",
		       text);
}
