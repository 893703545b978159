/* SPDX-License-Identifier: Apache-2.0 */
/* What `faultwire top` shows. */
#include "cli/top_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/human.h"
#include "cli/show.h"
#include "cli/text_width.h"

#define FRAME_LINES 8 /* header, heads, blank lines, keys */

/* One route and what it does a second; < 0: not known yet. */
struct line {
	const json_t *route;
	size_t place; /* in the answer */
	double sessions, connections, requests, up, down;
};

struct scene {
	const struct top_sample *now, *before;
	const struct top_look *look;
	struct line *lines; /* owned */
	size_t count;
};

/* --- samples --- */

void
top_sample_init(struct top_sample *s, int64_t time_us, json_t *status,
    json_t *answer)
{
	const json_t *routes = json_object_get(answer, "routes");

	*s = (struct top_sample){time_us, status, answer, json_object()};
	for (size_t i = 0; i < json_array_size(routes); i++) {
		json_t *route = json_array_get(routes, i);

		json_object_set(s->by_name, cli_text(route, "name"), route);
	}
}

void
top_sample_fini(struct top_sample *s)
{
	json_decref(s->by_name);
	json_decref(s->answer);
	json_decref(s->status);
	*s = (struct top_sample){0};
}

/* --- rates --- */

/* A counter that went back began anew: what it shows is what was added. */
static double
rate(const struct scene *v, double now, double before)
{
	double seconds = (double)(v->now->time_us - v->before->time_us) / 1e6;

	if (v->before->answer == NULL || seconds <= 0)
		return -1;
	return (now >= before ? now - before : now) / seconds;
}

static double
bytes_of(const json_t *state, const char *direction)
{
	return cli_number(json_object_get(state, "received_bytes"), direction);
}

static void
measure(const struct scene *v, const json_t *route, struct line *to)
{
	const json_t *now = json_object_get(route, "state");
	const json_t *before = json_object_get(
	    json_object_get(v->before->by_name, cli_text(route, "name")),
	    "state");

	to->route = route;
	to->sessions = cli_number(now, "sessions");
	to->connections = rate(v, cli_number(now, "accepted"),
	    cli_number(before, "accepted"));
	to->requests = rate(v, cli_number(now, "requests"),
	    cli_number(before, "requests"));
	to->up = rate(v, bytes_of(now, "upstream"),
	    bytes_of(before, "upstream"));
	to->down = rate(v, bytes_of(now, "downstream"),
	    bytes_of(before, "downstream"));
}

static int
by_place(const struct line *a, const struct line *b)
{
	return (a->place > b->place) - (a->place < b->place);
}

static int
by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = strcmp(cli_text(x->route, "name"),
	    cli_text(y->route, "name"));

	return order != 0 ? order : by_place(x, y);
}

static int
more_first(double x, double y, const struct line *a, const struct line *b)
{
	return x != y ? (x < y) - (x > y) : by_place(a, b);
}

static int
by_sessions(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return more_first(x->sessions, y->sessions, x, y);
}

static int
by_requests(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return more_first(x->requests, y->requests, x, y);
}

static int
by_bytes(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return more_first(x->up + x->down, y->up + y->down, x, y);
}

static int (*const orders[])(const void *, const void *) = {
    [TOP_FILE] = NULL,
    [TOP_NAME] = by_name,
    [TOP_SESSIONS] = by_sessions,
    [TOP_REQUESTS] = by_requests,
    [TOP_BYTES] = by_bytes,
};

static void
measure_all(struct scene *v)
{
	const json_t *routes = json_object_get(v->now->answer, "routes");

	v->count = json_array_size(routes);
	v->lines = xcalloc(v->count + 1, sizeof(*v->lines));
	for (size_t i = 0; i < v->count; i++) {
		v->lines[i].place = i;
		measure(v, json_array_get(routes, i), &v->lines[i]);
	}
	if (orders[v->look->sort] != NULL)
		qsort(v->lines, v->count, sizeof(*v->lines),
		    orders[v->look->sort]);
}

/* --- the header --- */

/* "12 req/s"; nothing while it is not known. */
static void
add_rate(struct str *to, double value,
    void (*print)(struct str *to, double value), const char *unit)
{
	if (value >= 0) {
		print(to, value);
		str_add(to, unit);
	}
}

static void
add_line(struct str *to, const struct top_look *look, const struct str *line)
{
	struct str clean = {0};

	text_add_clean(&clean, line->text);
	text_add_cut(to, clean.text,
	    look->columns > 0 ? look->columns : clean.len);
	str_add(to, "\n");
	str_fini(&clean);
}

static void
add_traffic(struct str *line, const struct scene *v)
{
	double requests = 0, up = 0, down = 0;

	for (size_t i = 0; i < v->count; i++) {
		requests += v->lines[i].requests;
		up += v->lines[i].up;
		down += v->lines[i].down;
	}
	if (v->before->answer == NULL)
		return;
	add_rate(line, requests, human_count, " req/s   ");
	add_rate(line, up, human_bytes, "/s up   ");
	add_rate(line, down, human_bytes, "/s down");
}

static void
add_header(struct str *to, const struct scene *v)
{
	const json_t *status = v->now->status;
	const json_t *faults = json_object_get(status, "faults");
	double sessions = cli_number(status, "sessions");
	struct str line = {0};

	str_printf(&line, "faultwire %s   up ", cli_text(status, "version"));
	human_seconds(&line, cli_number(status, "uptime"));
	str_printf(&line, "   %.0f session%s   ", sessions,
	    sessions == 1 ? "" : "s");
	add_traffic(&line, v);
	add_line(to, v->look, &line);
	str_clear(&line);
	str_printf(&line, "%zu route%s   %.0f of %.0f faults in force   "
			  "partitions: ",
	    v->count, v->count == 1 ? "" : "s",
	    cli_number(faults, "in_force"), cli_number(faults, "enabled"));
	if (json_array_size(json_object_get(json_object_get(status,
	    "partitions"), "active")) == 0)
		str_add(&line, "none");
	show_value(&line, json_object_get(json_object_get(status,
	    "partitions"), "active"));
	if (cli_bool(status, "draining"))
		str_add(&line, "   draining");
	add_line(to, v->look, &line);
	str_fini(&line);
}

/* --- the tables --- */

static void
add_cell(struct table *t, double value,
    void (*print)(struct str *to, double value), const char *unit)
{
	struct str text = {0};

	add_rate(&text, value, print, unit);
	table_add(t, text.len > 0 ? text.text : "");
	str_fini(&text);
}

static void
fill_routes(struct table *t, const struct scene *v)
{
	struct str text = {0};

	table_init(t, "ROUTE|STATE|>SESSIONS|>CONN/S|>REQ/S|>UP/S|>DOWN/S|"
		      "FAULTS");
	for (size_t i = 0; i < v->count; i++) {
		const struct line *line = &v->lines[i];

		table_add(t, cli_text(line->route, "name"));
		str_clear(&text);
		show_route_state(&text, line->route);
		table_add(t, text.text);
		table_addf(t, "%.0f", line->sessions);
		add_cell(t, line->connections, human_count, "");
		add_cell(t, line->requests, human_count, "");
		add_cell(t, line->up, human_bytes, "");
		add_cell(t, line->down, human_bytes, "");
		str_clear(&text);
		show_fault_count(&text, line->route);
		table_add(t, text.text);
	}
	str_fini(&text);
}

/* The same fault at the look before; its state. */
static const json_t *
state_before(const struct scene *v, const json_t *route, const json_t *fault)
{
	const json_t *faults = json_object_get(json_object_get(
	    v->before->by_name, cli_text(route, "name")), "faults");

	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *other = json_array_get(faults, i);

		if (strcmp(cli_text(other, "name"),
			cli_text(fault, "name")) == 0)
			return json_object_get(other, "state");
	}
	return NULL;
}

static void
fill_fault(struct table *t, const struct scene *v, const json_t *route,
    const json_t *fault)
{
	const json_t *state = json_object_get(fault, "state");
	double injected = cli_number(state, "injected");
	struct str text = {0};

	show_fault_state(&text, fault);
	table_add(t, cli_text(route, "name"));
	table_add(t, cli_text(fault, "name"));
	table_add(t, cli_text(fault, "type"));
	table_add(t, text.text);
	table_addf(t, "%.0f", cli_number(state, "active"));
	add_cell(t, injected, human_count, "");
	add_cell(t, rate(v, injected, cli_number(state_before(v, route,
	    fault), "injected")), human_count, "");
	str_fini(&text);
}

/* Those in force. */
static void
fill_faults(struct table *t, const struct scene *v)
{
	table_init(t, "ROUTE|FAULT|TYPE|STATE|>ACTIVE|>INJECTED|>INJECTED/S");
	for (size_t i = 0; i < v->count; i++) {
		const json_t *faults =
		    json_object_get(v->lines[i].route, "faults");

		for (size_t k = 0; k < json_array_size(faults); k++) {
			const json_t *fault = json_array_get(faults, k);

			if (cli_bool(json_object_get(fault, "state"),
				"in_force"))
				fill_fault(t, v, v->lines[i].route, fault);
		}
	}
}

/* Both tables share the screen: each gets half if it needs as much. */
static void
share(const struct top_look *look, size_t routes, size_t faults,
    size_t *route_rows, size_t *fault_rows)
{
	size_t rows = look->rows > FRAME_LINES + 2 ? look->rows - FRAME_LINES
						   : 2;

	*route_rows = *fault_rows = 0;
	if (look->rows == 0)
		return;
	*fault_rows = MAX(1, MIN(faults, MAX(rows / 2,
	    rows > routes ? rows - routes : 0)));
	*route_rows = MAX(1, rows - *fault_rows);
}

void
top_view(struct str *to, const struct top_sample *now,
    const struct top_sample *before, const struct top_look *look)
{
	struct scene v = {.now = now, .before = before, .look = look};
	struct table_look routes_look = {look->colour, look->columns, 0};
	struct table_look faults_look = routes_look;
	struct table routes, faults;
	struct str keys = {0};

	measure_all(&v);
	add_header(to, &v);
	fill_routes(&routes, &v);
	fill_faults(&faults, &v);
	share(look, table_rows(&routes), table_rows(&faults),
	    &routes_look.rows, &faults_look.rows);
	str_add(to, "\n");
	table_print(&routes, &routes_look, to);
	if (table_rows(&faults) > 0) {
		str_add(to, "\n");
		table_print(&faults, &faults_look, to);
	}
	if (look->keys) {
		str_add(&keys, "q quit   sort by: f file   n name   "
			       "s sessions   r requests   b bytes");
		str_add(to, "\n");
		add_line(to, look, &keys);
	}
	str_fini(&keys);
	table_fini(&routes);
	table_fini(&faults);
	free(v.lines);
}

/* --- as JSON --- */

/* A figure, or null while it is not known. */
static json_t *
figure(double value)
{
	return value >= 0 ? json_real(value) : json_null();
}

static json_t *
faults_json(const struct scene *v, const json_t *route)
{
	const json_t *faults = json_object_get(route, "faults");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(faults); i++) {
		json_t *fault = json_array_get(faults, i);
		const json_t *state = json_object_get(fault, "state");
		double injected = cli_number(state, "injected");

		json_array_append_new(list, json_pack(
		    "{s:O?,s:O?,s:b,s:I,s:I,s:o}",
		    "name", json_object_get(fault, "name"),
		    "type", json_object_get(fault, "type"),
		    "in_force", cli_bool(state, "in_force"),
		    "active", (json_int_t)cli_number(state, "active"),
		    "injected", (json_int_t)injected, "injected_per_s",
		    figure(rate(v, injected, cli_number(state_before(v,
			route, fault), "injected")))));
	}
	return list;
}

void
top_view_json(struct str *to, const struct top_sample *now,
    const struct top_sample *before)
{
	struct top_look look = {0};
	struct scene v = {.now = now, .before = before, .look = &look};
	json_t *routes = json_array(), *all;
	char *text;

	measure_all(&v);
	for (size_t i = 0; i < v.count; i++) {
		const struct line *line = &v.lines[i];

		json_array_append_new(routes, json_pack(
		    "{s:O?,s:I,s:o,s:o,s:o,s:o,s:o}",
		    "name", json_object_get(line->route, "name"),
		    "sessions", (json_int_t)line->sessions,
		    "connections_per_s", figure(line->connections),
		    "requests_per_s", figure(line->requests),
		    "up_bytes_per_s", figure(line->up),
		    "down_bytes_per_s", figure(line->down),
		    "faults", faults_json(&v, line->route)));
	}
	all = json_pack("{s:O?,s:O?,s:O?,s:o}",
	    "uptime", json_object_get(now->status, "uptime"),
	    "sessions", json_object_get(now->status, "sessions"),
	    "partitions", json_object_get(json_object_get(now->status,
		"partitions"), "active"), "routes", routes);
	text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
	str_add(to, text);
	str_add(to, "\n");
	free(text);
	json_decref(all);
	free(v.lines);
}
