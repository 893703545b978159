/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: one page of Markdown a fault kind and a group, one of all
 * metrics, and an index. */
#include "docs/generate.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/describe.h"
#include "config/profile.h"
#include "faults/fault.h"
#include "observe/metrics.h"

/* Kinds by what they act on; a kind belongs to one family. */
struct family {
	const char *title, *text;
	unsigned mask, value;
};

static const struct family families[] = {
    {"Connections",
	"They decide about connections: on TCP routes as on HTTP routes.",
	KIND_CONNECTION, KIND_CONNECTION},
    {"Byte streams",
	"They act on the bytes of a TCP connection, or on those of a single "
	"HTTP exchange.",
	KIND_CONNECTION | KIND_HTTP_ONLY | KIND_DATAGRAM_ONLY, 0},
    {"Datagrams",
	"They need `protocol = \"udp\"` or `\"dns\"`. Most kinds above work "
	"there as well; their pages say so.",
	KIND_DATAGRAM_ONLY, KIND_DATAGRAM_ONLY},
    {"HTTP exchanges", "They need `protocol = \"http\"`.", KIND_HTTP_ONLY,
	KIND_HTTP_ONLY},
};

/* The file itself has no name among the groups. */
static const char *
group_name(const struct conf_group *group)
{
	return group->name[0] != '\0' ? group->name : "file";
}

static bool
kind_page(const char *folder, const struct conf_kind *kind)
{
	char *table = xasprintf("faults/%s.c", kind->name);
	struct str text = {0};
	bool ok;

	generate_origin(&text, table);
	describe_kind_markdown(&text, kind);
	ok = generate_page(folder, "fault-", kind->name, &text);
	free(table);
	str_fini(&text);
	return ok;
}

static bool
group_page(const char *folder, const struct conf_group *group)
{
	struct str text = {0}, section = {0};
	bool ok;

	generate_origin(&text, "config/tables.c");
	describe_group_markdown(&section, group);
	/* A section becomes a page: its heading rises by one level. */
	str_add(&text, section.text + (section.text[0] == '#' ? 1 : 0));
	str_add(&text, "\nHow values, units and patterns are written, and "
		       "how the parts work together:\n"
		       "[the configuration](../configuration.md).\n");
	ok = generate_page(folder, "config-", group_name(group), &text);
	str_fini(&text);
	str_fini(&section);
	return ok;
}

static void
add_family(struct str *to, const struct family *family)
{
	str_printf(to, "\n### %s\n\n%s\n\n| kind | what it does |\n|---|---|\n",
	    family->title, family->text);
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];

		if (generate_shows_kind(kind) &&
		    (kind->flags & family->mask) == family->value)
			str_printf(to, "| [`%s`](fault-%s.md) | %s |\n",
			    kind->name, kind->name, kind->summary);
	}
}

static bool
index_page(const char *folder)
{
	struct str text = {0};
	bool ok;

	generate_origin(&text, "faults/ and config/tables.c");
	str_add(&text, "# Reference\n\nEvery word that a configuration may "
		       "hold: its type, bounds, default and meaning.\n"
		       "`faultwire faults` and `faultwire faults KIND` tell "
		       "the same on the command line.\n\n## Fault kinds\n");
	for (size_t i = 0; i < COUNT_OF(families); i++)
		add_family(&text, &families[i]);
	str_add(&text, "\n## Groups of the configuration\n\n"
		       "| group | what it is |\n|---|---|\n");
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++)
		str_printf(&text, "| [`%s`](config-%s.md) | %s |\n",
		    group_name(g), group_name(g), g->summary);
	str_add(&text, "\n## Link profiles\n\n[`profile`](profiles.md): "
		       "3G, DSL, a satellite and other known networks by "
		       "name, and who published their figures.\n");
	str_add(&text, "\n## Metrics\n\n[`/metrics`](metrics.md): every "
		       "metric, its type, labels and meaning.\n");
	str_add(&text, "\n## Experiments\n\n[`expect`](expectations.md): "
		       "what a scenario may expect, and what decides it. "
		       "[The report](report-rules.md): mechanisms, their "
		       "weights, and the rules of recommendations.\n");
	ok = generate_page(folder, "", "README", &text);
	str_fini(&text);
	return ok;
}

static void
add_metric(struct str *to, const struct metric_family *f)
{
	static const char *const types[] = {"counter", "gauge", "histogram",
	    "info"};
	static const char *const suffixes[] = {"_total", "", "", "_info"};

	str_printf(to, "| `%s%s` | %s | %s | %s |\n", f->name,
	    suffixes[f->type], types[f->type],
	    f->labels[0] != '\0' ? f->labels : "–", f->help);
}

static bool
metrics_page(const char *folder)
{
	struct str text = {0};
	bool ok;

	generate_origin(&text, "observe/metrics.c");
	str_add(&text, "# Metrics\n\nWhat `/metrics` tells, in the order in "
		       "which it does. How to scrape it, and what to make of "
		       "it:\n[metrics](../metrics.md). The last ones are in a "
		       "file that [a scheduler](../experiments.md#schedules) "
		       "writes.\n\n"
		       "| metric | type | labels | what it is |\n"
		       "|---|---|---|---|\n");
	for (int i = 0; i < METRIC_COUNT; i++)
		add_metric(&text, &metric_families[i]);
	ok = generate_page(folder, "", "metrics", &text);
	str_fini(&text);
	return ok;
}

static bool
profiles_page(const char *folder)
{
	struct str text = {0};
	bool ok;

	generate_origin(&text, "config/profile.c");
	conf_profiles_markdown(&text);
	ok = generate_page(folder, "", "profiles", &text);
	str_fini(&text);
	return ok;
}

bool
generate_pages(const char *folder)
{
	bool ok = index_page(folder) && metrics_page(folder) &&
	    profiles_page(folder) && generate_experiment(folder);

	for (size_t i = 0; i < fault_kinds.count && ok; i++)
		ok = !generate_shows_kind(fault_kinds.items[i]) ||
		    kind_page(folder, fault_kinds.items[i]);
	for (const struct conf_group *g = conf_groups; g->name != NULL && ok;
	     g++)
		ok = group_page(folder, g);
	return ok;
}
