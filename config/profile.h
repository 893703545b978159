/* SPDX-License-Identifier: Apache-2.0 */
/* Link profiles: known networks by name. `profile = "3g"` on a route stands
 * for ordinary faults, made through the tables of their kinds and called
 * <profile>_<part>; a fault of that name on the route takes the place of the
 * profile's. */
#ifndef CONFIG_PROFILE_H
#define CONFIG_PROFILE_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "config/build.h"
#include "config/model.h"

enum conf_profile_id {
	PROFILE_NONE,
	PROFILE_LOOPBACK,
	PROFILE_LAN,
	PROFILE_CROSS_ZONE,
	PROFILE_CROSS_REGION,
	PROFILE_FIBER,
	PROFILE_CABLE,
	PROFILE_DSL,
	PROFILE_DIALUP,
	PROFILE_WIFI,
	PROFILE_WIFI_BAD,
	PROFILE_LTE,
	PROFILE_4G,
	PROFILE_3G_FAST,
	PROFILE_3G,
	PROFILE_3G_SLOW,
	PROFILE_2G,
	PROFILE_EDGE,
	PROFILE_GPRS,
	PROFILE_STARLINK,
	PROFILE_SATELLITE,
	PROFILE_COUNT,
};

struct conf_profile {
	const char *summary; /* one line, no final dot */
	const char *source;  /* who published the figures; no final dot */
	double rtt_ms;	     /* there and back */
	double jitter_ms;    /* standard deviation, each way */
	double up_kbit, down_kbit; /* kbit/s of the whole link; 0: no limit */
	double loss_percent;	   /* of packets, each way */
	double burst; /* packets lost in a row, on average; 0: independent */
};

/* By id: the names, as CONF_ENUM takes them (NULL-ended), and what they are
 * (those of none are zeroed). */
extern const char *const conf_profile_names[PROFILE_COUNT + 1];
extern const struct conf_profile conf_profiles[PROFILE_COUNT];

/* The id of that name, or -1; then err says what was expected. */
int conf_profile_find(const char *name, struct error *err);
/* Calls `each` for every fault that the profile stands for, as text of the
 * syntax KIND[,KEY=VALUE]…. */
void conf_profile_each(int id, void (*each)(void *arg, const char *fault),
		       void *arg);
/* Makes the faults of a route follow its profile: those of another profile go,
 * those of its own come, at the end, unless the route has one of that name.
 * What the route's protocol cannot have is left out. Errors cannot occur. */
void conf_route_settle_profile(struct conf_route *route,
			       const struct conf_kinds *kinds);

/* A table of all for people, one profile for people, that one as a JSON value,
 * and the page of the reference. Texts are appended. */
void conf_profiles_text(struct str *to);
void conf_profile_text(int id, struct str *to);
void conf_profile_json(int id, struct jsonw *w);
void conf_profiles_markdown(struct str *to);

#endif
