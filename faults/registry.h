/* SPDX-License-Identifier: Apache-2.0 */
/* The ops of every fault kind; each is the only symbol of its file. Everyone
 * else finds kinds through faults/fault.h. */
#ifndef FAULTS_REGISTRY_H
#define FAULTS_REGISTRY_H

#include "faults/fault.h"

extern const struct fault_ops abort_ops;
extern const struct fault_ops bandwidth_ops;
extern const struct fault_ops blackhole_ops;
extern const struct fault_ops body_ops;
extern const struct fault_ops certificate_ops;
extern const struct fault_ops conn_limit_ops;
extern const struct fault_ops connect_delay_ops;
extern const struct fault_ops connect_timeout_ops;
extern const struct fault_ops corrupt_ops;
extern const struct fault_ops cut_ops;
extern const struct fault_ops dns_ops;
extern const struct fault_ops down_ops;
extern const struct fault_ops drip_ops;
extern const struct fault_ops duplicate_ops;
extern const struct fault_ops goaway_ops;
extern const struct fault_ops half_open_ops;
extern const struct fault_ops hang_ops;
extern const struct fault_ops headers_ops;
extern const struct fault_ops jitter_burst_ops;
extern const struct fault_ops latency_ops;
extern const struct fault_ops lifetime_ops;
extern const struct fault_ops limit_data_ops;
extern const struct fault_ops loss_ops;
extern const struct fault_ops malform_ops;
extern const struct fault_ops noop_ops;
extern const struct fault_ops rate_limit_ops;
extern const struct fault_ops refuse_ops;
extern const struct fault_ops reorder_ops;
extern const struct fault_ops reset_peer_ops;
extern const struct fault_ops slicer_ops;
extern const struct fault_ops slow_close_ops;
extern const struct fault_ops stream_reset_ops;
extern const struct fault_ops timeout_ops;
extern const struct fault_ops tls_alert_ops;
extern const struct fault_ops tls_stall_ops;
extern const struct fault_ops tls_truncate_ops;
extern const struct fault_ops trailers_ops;
extern const struct fault_ops window_stall_ops;
extern const struct fault_ops ws_close_ops;
extern const struct fault_ops ws_cut_ops;
extern const struct fault_ops ws_delay_ops;
extern const struct fault_ops ws_drop_ops;
extern const struct fault_ops ws_duplicate_ops;

#endif
