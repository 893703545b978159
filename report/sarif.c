/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0: recommendations, and violated expectations that no rule
 * explains (R0), at the line of the experiment that they come from. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "report/advice.h"
#include "report/format.h"
#include "report/views.h"

#define SCHEMA                                                                 \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/"           \
	"sarif-schema-2.1.0.json"

struct result {
	const char *rule, *level, *text;
	const struct conf_where *where;
	const char *parts[3]; /* what makes it the same one next time */
};

/* Over the parts and the NULs between them. */
static uint64_t
fingerprint(const struct result *r)
{
	uint64_t hash = HASH_SEED;

	for (size_t i = 0; i < COUNT_OF(r->parts); i++)
		hash = hash_bytes(hash, r->parts[i], strlen(r->parts[i]) + 1);
	return hash;
}

/* --- rules ------------------------------------------------------------------
 */

static void
put_rule(struct jsonw *w, const char *id, const char *title, const char *when)
{
	jsonw_object(w);
	jsonw_put_string(w, "id", id);
	jsonw_key(w, "shortDescription");
	jsonw_object(w);
	jsonw_put_string(w, "text", title);
	jsonw_object_end(w);
	jsonw_key(w, "fullDescription");
	jsonw_object(w);
	jsonw_put_string(w, "text", when);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
put_tool(struct jsonw *w)
{
	const struct advice_rule *rule;
	const char *last = "";

	jsonw_key(w, "tool");
	jsonw_object(w);
	jsonw_key(w, "driver");
	jsonw_object(w);
	jsonw_put_string(w, "name", "faultwire");
	jsonw_put_string(w, "version", FAULTWIRE_VERSION);
	jsonw_key(w, "rules");
	jsonw_array(w);
	put_rule(w, "R0", "Expectation violated",
		 "an expectation of a scenario is violated");
	for (size_t i = 0; (rule = advice_rule_at(i)) != NULL; i++) {
		/* Two conditions may stand for one rule. */
		if (strcmp(last, rule->id) != 0)
			put_rule(w, rule->id, rule->title, rule->when);
		last = rule->id;
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

/* --- results ---------------------------------------------------------------
 */

/* A path as a reference of a URI. */
static void
add_uri(struct str *to, const char *path)
{
	if (path[0] == '/')
		str_add(to, "file://");
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (isalnum(c) || strchr("-._~/", c) != NULL)
			str_add_char(to, (char)c);
		else
			str_printf(to, "%%%02X", c);
	}
}

static void
put_location(struct jsonw *w, const struct report *r,
	     const struct conf_where *where)
{
	struct str uri = {0};

	add_uri(&uri, where->file != NULL ? where->file : r->run->file);
	jsonw_key(w, "locations");
	jsonw_array(w);
	jsonw_object(w);
	jsonw_key(w, "physicalLocation");
	jsonw_object(w);
	jsonw_key(w, "artifactLocation");
	jsonw_object(w);
	jsonw_put_string(w, "uri", uri.text);
	str_fini(&uri);
	jsonw_object_end(w);
	jsonw_key(w, "region");
	jsonw_object(w);
	jsonw_put_uint(w, "startLine", where->line > 0 ? where->line : 1);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
	jsonw_array_end(w);
}

static void
put_result(struct jsonw *w, const struct report *r, const struct result *x)
{
	char print[24];

	snprintf(print, sizeof(print), "%016" PRIx64, fingerprint(x));
	jsonw_object(w);
	jsonw_put_string(w, "ruleId", x->rule);
	jsonw_put_string(w, "level", x->level);
	jsonw_key(w, "message");
	jsonw_object(w);
	jsonw_put_string(w, "text", x->text);
	jsonw_object_end(w);
	put_location(w, r, x->where);
	jsonw_key(w, "partialFingerprints");
	jsonw_object(w);
	jsonw_put_string(w, "faultwire/v1", print);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void
put_advice(struct jsonw *w, const struct report *r, const struct advice *a)
{
	static const char *const levels[] = {[RISK_LOW] = "note",
					     [RISK_MEDIUM] = "warning",
					     [RISK_HIGH] = "error"};
	const struct finding *f = &r->findings[a->finding];
	const struct run_scenario *s = &r->run->scenarios[f->scenario];

	put_result(w, r,
		   &(struct result){a->rule,
				    levels[a->risk],
				    a->text,
				    f->expect != NULL ? &f->expect->asked->where
						      : &s->asked->where,
				    {a->rule, a->route, s->asked->name}});
}

/* Does a recommendation stand on the verdict that decided it? */
static bool
is_explained(const struct report *r, const struct run_expect *e)
{
	for (size_t i = 0; i < r->advice_count; i++) {
		const struct finding *f = &r->findings[r->advice[i].finding];

		if (e->verdict != SIZE_MAX &&
		    f->verdict == &r->run->verdicts.items[e->verdict])
			return true;
	}
	return false;
}

static void
put_expects(struct jsonw *w, const struct report *r,
	    const struct run_scenario *s)
{
	for (size_t i = 0; i < s->asked->expects_count; i++) {
		const struct run_expect *e = &s->expects[i];
		struct str text = {0};

		if (e->state != EXPECT_VIOLATED || is_explained(r, e))
			continue;
		str_printf(&text, "%s: expected %s = ", s->asked->name,
			   e->asked->key);
		format_asked(&text, e->asked);
		str_printf(&text, ", found %s: %s", e->found, e->why);
		put_result(
		    w, r,
		    &(struct result){"R0",
				     "error",
				     text.text,
				     &e->asked->where,
				     {"R0", e->asked->key, s->asked->name}});
		str_fini(&text);
	}
}

void
view_sarif(const struct report *r, struct str *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_put_string(&w, "$schema", SCHEMA);
	jsonw_put_string(&w, "version", "2.1.0");
	jsonw_key(&w, "runs");
	jsonw_array(&w);
	jsonw_object(&w);
	put_tool(&w);
	jsonw_key(&w, "results");
	jsonw_array(&w);
	for (size_t i = 0; i < r->advice_count; i++)
		put_advice(&w, r, &r->advice[i]);
	for (size_t i = 0; i < r->run->asked->scenarios_count; i++)
		put_expects(&w, r, &r->run->scenarios[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	str_add(to, "\n");
}
