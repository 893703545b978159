/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager's messages. Keys that we do not need are not looked at. */
#include "telemetry/alerts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"

/* --- times --- */

/* Fraction behind the seconds, in µs; moves *at behind it. */
static int64_t
read_fraction(const char **at)
{
	int64_t us = 0, unit = 100000;

	if (**at != '.')
		return 0;
	for ((*at)++; **at >= '0' && **at <= '9'; (*at)++) {
		us += (**at - '0') * unit;
		unit /= 10;
	}
	return us;
}

/* "Z" or "+01:00", in seconds. */
static bool
read_zone(const char *at, long *to_s)
{
	int hours, minutes, len = 0;

	*to_s = 0;
	if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
		return true;
	if ((*at != '+' && *at != '-') ||
	    sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &len) != 2 ||
	    len != 5 || at[6] != '\0' || hours > 23 || minutes > 59)
		return false;
	*to_s = (hours * 60L + minutes) * 60 * (*at == '-' ? -1 : 1);
	return true;
}

bool
alerts_time(const char *text, int64_t *to_us)
{
	struct tm tm = {0};
	const char *at;
	int64_t us;
	long zone_s;
	char t;
	int len = 0;

	if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &t, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&len) != 7 ||
	    len != 19 || (t != 'T' && t != 't' && t != ' ') || tm.tm_mon < 1 ||
	    tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	at = text + len;
	us = read_fraction(&at);
	if (!read_zone(at, &zone_s))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*to_us = ((int64_t)timegm(&tm) - zone_s) * 1000000 + us;
	return true;
}

/* --- messages --- */

static bool
wrong(struct error *err, size_t n, const char *key, const char *expected)
{
	return error_set(err, 0, "alerts[%zu]%s%s: expected %s", n,
	    key[0] != '\0' ? "." : "", key, expected);
}

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Labels are texts, every one. */
static bool
are_labels(const json_t *labels)
{
	const char *key;
	json_t *value;

	if (!json_is_object(labels))
		return false;
	json_object_foreach((json_t *)(uintptr_t)labels, key, value) {
		if (!json_is_string(value))
			return false;
	}
	return true;
}

static bool
read_alert(const json_t *from, size_t n, struct alert *to, struct error *err)
{
	const json_t *labels = json_object_get(from, "labels");
	const char *status = text_of(from, "status");
	const char *starts = text_of(from, "startsAt");

	if (!json_is_object(from))
		return wrong(err, n, "", "an object");
	if (status == NULL || (strcmp(status, "firing") != 0 &&
				  strcmp(status, "resolved") != 0))
		return wrong(err, n, "status", "\"firing\" or \"resolved\"");
	if (!are_labels(labels))
		return wrong(err, n, "labels", "an object of texts");
	to->name = text_of(labels, "alertname");
	if (to->name == NULL || to->name[0] == '\0')
		return wrong(err, n, "labels.alertname", "the alert's name");
	if (starts == NULL || !alerts_time(starts, &to->starts_us))
		return wrong(err, n, "startsAt",
		    "a time such as \"2026-01-31T12:00:00Z\"");
	to->firing = status[0] == 'f';
	to->route = text_of(labels, "route");
	to->service = text_of(labels, "service");
	to->fingerprint = text_of(from, "fingerprint");
	return true;
}

static bool
read_root(const json_t *root, struct alerts *to, struct error *err)
{
	const char *version = text_of(root, "version");
	const json_t *list = json_object_get(root, "alerts");
	size_t count = json_array_size(list);

	if (!json_is_object(root))
		return error_set(err, 0, "expected an object, as "
				 "Alertmanager's webhook sends it");
	if (version == NULL || strcmp(version, "4") != 0)
		return error_set(err, 0, "version: expected \"4\"");
	if (!json_is_array(list) || count > ALERTS_MAX)
		return error_set(err, 0,
		    "alerts: expected a list of at most %d", ALERTS_MAX);
	to->items = xcalloc(count, sizeof(*to->items));
	for (to->count = 0; to->count < count; to->count++) {
		if (!read_alert(json_array_get(list, to->count), to->count,
			&to->items[to->count], err))
			return false;
	}
	return true;
}

bool
alerts_read(struct view body, struct alerts *to, struct error *err)
{
	json_error_t why;

	*to = (struct alerts){0};
	to->json = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, &why);
	if (to->json == NULL)
		return error_set(err, 0, "no JSON: %s, at byte %d", why.text,
		    why.position);
	return read_root(to->json, to, err);
}

void
alerts_fini(struct alerts *a)
{
	json_decref(a->json);
	free(a->items);
	*a = (struct alerts){0};
}
