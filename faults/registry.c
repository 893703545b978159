/* SPDX-License-Identifier: Apache-2.0 */
/* All fault kinds. A new one is one file, one declaration in registry.h and
 * one line here, in alphabetical order. */
#include "faults/registry.h"

#include <string.h>

#include "base/attr.h"

static const struct conf_kind *const kinds[] = {
    &abort_ops.kind,
    &bandwidth_ops.kind,
    &blackhole_ops.kind,
    &body_ops.kind,
    &certificate_ops.kind,
    &conn_limit_ops.kind,
    &connect_delay_ops.kind,
    &connect_timeout_ops.kind,
    &corrupt_ops.kind,
    &cut_ops.kind,
    &dns_ops.kind,
    &down_ops.kind,
    &drip_ops.kind,
    &duplicate_ops.kind,
    &goaway_ops.kind,
    &half_open_ops.kind,
    &hang_ops.kind,
    &headers_ops.kind,
    &jitter_burst_ops.kind,
    &latency_ops.kind,
    &lifetime_ops.kind,
    &limit_data_ops.kind,
    &loss_ops.kind,
    &malform_ops.kind,
    &noop_ops.kind,
    &rate_limit_ops.kind,
    &refuse_ops.kind,
    &reorder_ops.kind,
    &reset_peer_ops.kind,
    &slicer_ops.kind,
    &slow_close_ops.kind,
    &stream_reset_ops.kind,
    &timeout_ops.kind,
    &tls_alert_ops.kind,
    &tls_stall_ops.kind,
    &tls_truncate_ops.kind,
    &trailers_ops.kind,
    &window_stall_ops.kind,
    &ws_close_ops.kind,
    &ws_cut_ops.kind,
    &ws_delay_ops.kind,
    &ws_drop_ops.kind,
    &ws_duplicate_ops.kind,
};

const struct conf_kinds fault_kinds = {kinds, COUNT_OF(kinds)};

const struct fault_ops *
fault_ops_of(const struct conf_kind *kind)
{
	/* kind is the first member of its ops. */
	return (const struct fault_ops *)(const void *)kind;
}

const struct fault_ops *
fault_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return fault_ops_of(kinds[i]);
	}
	return NULL;
}
