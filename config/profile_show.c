/* SPDX-License-Identifier: Apache-2.0 */
/* The table of link profiles as people and programs read it. */
#include <string.h>

#include "config/profile.h"

struct lines {
	struct str *to;
	const char *before, *after;
};

static void
add_line(void *arg, const char *fault)
{
	const struct lines *l = arg;

	str_printf(l->to, "%s%s%s\n", l->before, fault, l->after);
}

/* "1.6 Mbit/s", or a dash where there is no limit. */
static void
add_rate(struct str *to, double kbit)
{
	if (kbit <= 0)
		str_add(to, "\xe2\x80\x93");
	else if (kbit >= 1e6)
		str_printf(to, "%.10g Gbit/s", kbit / 1e6);
	else if (kbit >= 1000)
		str_printf(to, "%.10g Mbit/s", kbit / 1000);
	else
		str_printf(to, "%.10g kbit/s", kbit);
}

static void
add_amount(struct str *to, double amount, const char *unit)
{
	if (amount <= 0)
		str_add(to, "\xe2\x80\x93");
	else
		str_printf(to, "%.10g%s", amount, unit);
}

/* The cell in a column of that width; a dash is one column of three bytes. */
static void
add_column(struct str *to, struct str *cell, size_t width)
{
	size_t shown = cell->len - (cell->text[0] == '\xe2' ? 2 : 0);

	str_add(to, cell->text);
	for (; shown < width; shown++)
		str_add_char(to, ' ');
	str_clear(cell);
}

static void
add_row(struct str *to, int id)
{
	const struct conf_profile *p = &conf_profiles[id];
	struct str cell = {0};

	str_printf(to, "%-13s ", conf_profile_names[id]);
	add_amount(&cell, p->rtt_ms, " ms");
	add_column(to, &cell, 9);
	add_rate(&cell, p->up_kbit);
	add_column(to, &cell, 13);
	add_rate(&cell, p->down_kbit);
	add_column(to, &cell, 13);
	add_amount(&cell, p->loss_percent, " %");
	add_column(to, &cell, 5);
	str_printf(to, "%s\n", p->summary);
	str_fini(&cell);
}

void
conf_profiles_text(struct str *to)
{
	str_printf(to, "%-13s %-9s%-13s%-13s%-5s%s\n", "PROFILE", "RTT", "UP",
		   "DOWN", "LOSS", "WHAT IT IS");
	for (int id = PROFILE_NONE + 1; id < PROFILE_COUNT; id++)
		add_row(to, id);
}

void
conf_profile_text(int id, struct str *to)
{
	const struct conf_profile *p = &conf_profiles[id];
	struct lines lines = {to, "  ", ""};

	str_printf(to, "%s: %s\n\n", conf_profile_names[id], p->summary);
	str_add(to, "Round trip:  ");
	add_amount(to, p->rtt_ms, " ms");
	str_add(to, "\nJitter:      ");
	add_amount(to, p->jitter_ms, " ms");
	str_add(to, "\nUp:          ");
	add_rate(to, p->up_kbit);
	str_add(to, "\nDown:        ");
	add_rate(to, p->down_kbit);
	str_add(to, "\nLoss:        ");
	add_amount(to, p->loss_percent, " %");
	str_printf(to, "\nSource:      %s\n\nFaults:\n", p->source);
	if (p->rtt_ms <= 0)
		str_add(to, "  none\n");
	conf_profile_each(id, add_line, &lines);
}

static void
put_fault(void *arg, const char *fault)
{
	jsonw_string(arg, fault);
}

void
conf_profile_json(int id, struct jsonw *w)
{
	const struct conf_profile *p = &conf_profiles[id];

	jsonw_object(w);
	jsonw_put_string(w, "name", conf_profile_names[id]);
	jsonw_put_string(w, "summary", p->summary);
	jsonw_put_string(w, "source", p->source);
	jsonw_put_double(w, "rtt_ms", p->rtt_ms);
	jsonw_put_double(w, "jitter_ms", p->jitter_ms);
	jsonw_put_double(w, "up_kbit", p->up_kbit);
	jsonw_put_double(w, "down_kbit", p->down_kbit);
	jsonw_put_double(w, "loss_percent", p->loss_percent);
	jsonw_put_double(w, "burst", p->burst);
	jsonw_key(w, "faults");
	jsonw_array(w);
	conf_profile_each(id, put_fault, w);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

/* --- the page --- */

static void
add_page_row(struct str *to, int id)
{
	const struct conf_profile *p = &conf_profiles[id];

	str_printf(to, "| `%s` | %s | ", conf_profile_names[id], p->summary);
	add_amount(to, p->rtt_ms, " ms");
	if (p->jitter_ms > 0)
		str_printf(to, " \xc2\xb1 %.10g ms each way", p->jitter_ms);
	str_add(to, " | ");
	add_rate(to, p->up_kbit);
	str_add(to, " | ");
	add_rate(to, p->down_kbit);
	str_add(to, " | ");
	add_amount(to, p->loss_percent, " %");
	if (p->burst > 0)
		str_printf(to, ", %.10g in a row", p->burst);
	str_printf(to, " | %s |\n", p->source);
}

void
conf_profiles_markdown(struct str *to)
{
	struct lines lines = {to, "", ""};

	str_add(to, "# Link profiles\n\n"
		    "`profile = \"3g\"` on a route, or `faultwire run "
		    "\xe2\x80\xa6 --profile 3g`, adds the faults that make "
		    "the route like a known network.\n\n"
		    "| profile | what it is | round trip | up | down | loss | "
		    "who published the figures |\n"
		    "|---|---|---|---|---|---|---|\n");
	for (int id = PROFILE_NONE + 1; id < PROFILE_COUNT; id++)
		add_page_row(to, id);
	str_add(to,
		"\n## What it stands for\n\n"
		"Ordinary faults at the end of the route's own, called "
		"`<profile>_<part>`. `faultwire profiles NAME` shows them; "
		"for `wifi-bad`, which has all parts:\n\n```\n");
	conf_profile_each(PROFILE_WIFI_BAD, add_line, &lines);
	str_add(
	    to,
	    "```\n\n"
	    "- Half of the round trip is added in each direction, and a new "
	    "connection dials a whole one late, as the handshake of TCP "
	    "takes.\n"
	    "- Rates are those of the link: all connections of the route "
	    "share them.\n"
	    "- A lost packet is a wait for its retransmission: a fast one "
	    "after a round trip, else after the round trip and 200 ms.\n"
	    "- Routes of datagrams have the parts that datagrams can have; a "
	    "datagram that is lost there is lost.\n"
	    "- A fault of that name on the route takes the place of the "
	    "profile's: `{ name = \"3g_latency\"; type = \"latency\"; "
	    "latency = \"200ms\"; stream = \"both\"; }` is 3G, but "
	    "farther away; `enabled = false` leaves a part out.\n"
	    "- Another profile in the file or by the API takes the faults of "
	    "the old one away and brings its own, on live connections, too.\n"
	    "- `faultwire config` prints the faults and not the profile: what "
	    "it prints is what is in force.\n\n"
	    "The figures are those of the last mile at best. Real links vary "
	    "by place and hour; congestion, queues that grow and DNS are not "
	    "in them.\n");
}
