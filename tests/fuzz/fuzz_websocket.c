/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the kinds that look for frames of WebSockets: a fault that
 * chooses no message changes no byte, however bytes come in pieces and
 * whenever it comes; all others may do what they like but crash. */
#include "faults/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "config/load.h"
#include "faults/ws.h"
#include "proxy/plan.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

struct host {
	struct flow flow; /* first */
	struct ws_scan frames;
	struct str out;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
on_flow(struct flow *f)
{
	(void)f;
}

static void
on_output(struct flow *f, struct link *l)
{
	struct host *host = (struct host *)f;

	while (l->out.len > 0) {
		const struct seg *seg = l->out.head;

		str_add_bytes(&host->out, seg->slab->data + seg->off,
		    seg->len);
		link_taken(l, seg->len);
	}
}

static void
on_link(struct flow *f, struct link *l)
{
	(void)f;
	(void)l;
}

static void
on_end(struct flow *f, enum flow_end how)
{
	(void)f;
	(void)how;
}

static bool
on_websocket(const struct flow *f, const struct link *l, struct ws_scan *scan)
{
	(void)l;
	if (scan != NULL)
		*scan = ((const struct host *)f)->frames;
	return true;
}

static const struct flow_ops ops = {
    .opened = on_flow,
    .output = on_output,
    .resume = on_link,
    .end = on_end,
    .websocket = on_websocket,
};

static struct plan *
plan_with(const char *const *faults, size_t count)
{
	const struct conf_options opt = {
	    .listen = "127.0.0.1:1",
	    .upstream = "127.0.0.1:2",
	    .protocol = "http",
	    .faults = faults,
	    .faults_count = count,
	};
	struct conf_diag diag = {0};
	struct conf_model *model = conf_load_options(&opt, &fault_kinds,
	    &diag);
	struct plan *plan;

	must(model != NULL);
	plan = plan_new(model, NULL, NULL, 1, 0);
	conf_model_unref(model);
	return plan;
}

static void
feed(struct host *host, const unsigned char *data, size_t len)
{
	if (len == 0 || host->flow.ended)
		return;
	for (size_t at = 0; at < len;)
		at += ws_scan_frame(&host->frames, data + at, len - at);
	link_feed_copy(&host->flow.links[LINK_DOWN], data, len, 0);
}

/* Feeds all in pieces of that size; the faults come in the middle. */
static void
run(const struct plan *plans[2], size_t piece, struct host *host,
    const unsigned char *data, size_t len)
{
	struct clock clock = clock_fake(1);
	struct engine engine = {.clock = &clock, .seed = 1};

	flow_init(&host->flow, &ops, &engine, &plans[0]->routes[0],
	    FLOW_EXCHANGE, 0);
	flow_open(&host->flow);
	for (size_t at = 0; at < len; at += piece) {
		if (at >= len / 2)
			flow_reconcile(&host->flow, &plans[1]->routes[0]);
		feed(host, data + at, MIN(piece, len - at));
	}
	link_feed_eof(&host->flow.links[LINK_DOWN]);
	flow_fini(&host->flow, "done");
	deadline_heap_fini(&engine.deadlines);
	bytes_pool_fini(&engine.pool);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char *const idle[] = {"ws_drop,rate=0",
	    "ws_duplicate,rate=0", "ws_close,rate=0", "ws_cut,rate=0",
	    "ws_delay,delay=1h,rate=0"};
	static const char *const busy[] = {"ws_duplicate,rate=0.5,opcode=any",
	    "ws_drop,rate=0.2", "ws_delay,delay=0", "ws_close,messages=5",
	    "ws_cut,messages=4,how=rst"};
	static struct plan *none, *still, *wild;

	if (none == NULL) {
		none = plan_with(NULL, 0);
		still = plan_with(idle, COUNT_OF(idle));
		wild = plan_with(busy, COUNT_OF(busy));
	}
	const struct plan *trials[][2] = {{still, still}, {none, still},
	    {wild, wild}, {none, wild}};

	for (size_t i = 0; i < 8; i++) {
		struct host host = {0};

		run(trials[i / 2], i % 2 ? 1 + len / 3 : 1, &host, data, len);
		if (i < 4)
			must(host.out.len == len &&
			    (len == 0 ||
				memcmp(host.out.text, data, len) == 0));
		str_fini(&host.out);
	}
	return 0;
}
