/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of faultwire. */
#include "observe/metrics.h"

#define FAULT_KIND "; fault is the kind, faults of one kind on a route add up"

const struct metric_family metric_families[METRIC_COUNT] = {
    [METRIC_CONNECTIONS_ACCEPTED] = {"faultwire_connections_accepted",
	METRIC_COUNTER, NULL, "route", "Connections accepted from clients"},
    [METRIC_CONNECTIONS_ACTIVE] = {"faultwire_connections_active", METRIC_GAUGE,
	NULL, "route", "Connections of clients open now"},
    [METRIC_CONNECTIONS_CLOSED] = {"faultwire_connections_closed",
	METRIC_COUNTER, NULL, "route, by",
	"Connections of clients that ended, by who ended them: client, "
	"upstream, fault, timeout, proxy"},
    [METRIC_UPSTREAM_CONNECTS] = {"faultwire_upstream_connects", METRIC_COUNTER,
	NULL, "route, result",
	"Tries to reach the upstream, by what became of them: ok, refused, "
	"reset, timeout, unreachable, dns, tls, loop (the destination is the "
	"listener itself), or injected where a fault came first"},
    [METRIC_UPSTREAM_CONNECT_DURATION] =
	{"faultwire_upstream_connect_duration_seconds", METRIC_HISTOGRAM,
	    "seconds", "route",
	    "How long the upstream took to accept, with finding its address"},
    [METRIC_RECEIVED_BYTES] = {"faultwire_received_bytes", METRIC_COUNTER,
	"bytes", "route, direction",
	"Bytes read, as they come: upstream is from the client, downstream "
	"from the server"},
    [METRIC_SENT_BYTES] = {"faultwire_sent_bytes", METRIC_COUNTER, "bytes",
	"route, direction",
	"Bytes written, as they go: upstream is to the server, downstream to "
	"the client"},
    [METRIC_LOST_DATAGRAMS] = {"faultwire_lost_datagrams", METRIC_COUNTER,
	NULL, "route, direction",
	"Datagrams that found no room, here or in the kernel's buffers, or no "
	"association; those that faults lose are not among them"},
    [METRIC_REQUESTS] = {"faultwire_requests", METRIC_COUNTER, NULL,
	"route, code, faulted",
	"HTTP requests that ended, by the status that the client got (none: "
	"no reply, other: not 100 to 599) and whether a fault took effect"},
    [METRIC_REQUEST_DURATION] = {"faultwire_request_duration_seconds",
	METRIC_HISTOGRAM, "seconds", "route, faulted",
	"HTTP requests as the client saw them, injected delay included: from "
	"the request's head to the end of the reply"},
    [METRIC_UPSTREAM_DURATION] = {"faultwire_upstream_duration_seconds",
	METRIC_HISTOGRAM, "seconds", "route",
	"HTTP requests as the upstream answered them, injection excluded: "
	"from the last byte of the request to the head of the reply"},
    [METRIC_FAULTS_INJECTED] = {"faultwire_faults_injected", METRIC_COUNTER,
	NULL, "route, fault", "Flows on which a fault took effect" FAULT_KIND},
    [METRIC_FAULTS_SKIPPED] = {"faultwire_faults_skipped", METRIC_COUNTER, NULL,
	"route, fault, reason",
	"Flows that a fault in force left alone, by probability, filter "
	"(when, first, skip, every, flows) or limit (max_active)" FAULT_KIND},
    [METRIC_FAULT_ACTIVE] = {"faultwire_fault_active", METRIC_GAUGE, NULL,
	"route, fault, experiment",
	"1 while a fault of that kind is in force on the route, else 0; what "
	"an experiment did is a series with its name, and only while it is "
	"in force"},
    [METRIC_FAULTS_IN_FLIGHT] = {"faultwire_faults_in_flight", METRIC_GAUGE,
	NULL, "route, fault",
	"Directions of flows that a fault delays or holds now" FAULT_KIND},
    [METRIC_PARTITION_ACTIVE] = {"faultwire_partition_active", METRIC_GAUGE,
	NULL, "partition, experiment",
	"1 while the partition cuts, else 0; experiment likewise"},
    [METRIC_INJECTED_DELAY] = {"faultwire_injected_delay_seconds",
	METRIC_HISTOGRAM, "seconds", "route, fault",
	"Delays that were added, as achieved" FAULT_KIND},
    [METRIC_INJECTION_ERROR] = {"faultwire_injection_error_seconds",
	METRIC_HISTOGRAM, "seconds", "route, fault",
	"How far the achieved delay was from the one asked for" FAULT_KIND},
    [METRIC_RETRIES_OBSERVED] = {"faultwire_retries_observed", METRIC_COUNTER,
	NULL, "route, after",
	"Requests that a client sent again, by what had become of the attempt "
	"before: reset, refused, timeout (the client had hung up), 5xx, other"},
    [METRIC_RETRY_INTERVAL] = {"faultwire_retry_interval_seconds",
	METRIC_HISTOGRAM, "seconds", "route",
	"Pauses from the end of a failed attempt to the start of the next"},
    [METRIC_RETRY_ATTEMPTS] = {"faultwire_retry_attempts", METRIC_HISTOGRAM,
	NULL, "route",
	"How often a request was sent again until it was good, or given up"},
    [METRIC_REQUESTS_RECOVERED] = {"faultwire_requests_recovered",
	METRIC_COUNTER, NULL, "route",
	"Requests that failed first and were good when sent again"},
    [METRIC_REQUESTS_GIVEN_UP] = {"faultwire_requests_given_up",
	METRIC_COUNTER, NULL, "route",
	"Requests that failed by a fault and were not sent again for 5 s, or "
	"thrice their last pause"},
    [METRIC_CLIENT_TIMEOUT] = {"faultwire_client_timeout_seconds",
	METRIC_HISTOGRAM, "seconds", "route",
	"How long clients waited before they hung up"},
    [METRIC_BREAKER_STATE] = {"faultwire_breaker_state", METRIC_GAUGE, NULL,
	"route, client, state",
	"1 for the state that a circuit breaker of the client seems to be in: "
	"closed, open, half_open or unknown; client is the route's from"},
    [METRIC_BREAKER_TRANSITIONS] = {"faultwire_breaker_transitions",
	METRIC_COUNTER, NULL, "route, client, from, to",
	"How often it went from one state to another"},
    [METRIC_RECOVERY] = {"faultwire_recovery_seconds", METRIC_GAUGE,
	"seconds", "route",
	"From the end of the latest fault until calls were as before"},
    [METRIC_EXPERIMENT_RUNNING] = {"faultwire_experiment_running",
	METRIC_GAUGE, NULL, "experiment",
	"1 while an experiment runs: for every name that a lease has"},
    [METRIC_ALERTS_RECEIVED] = {"faultwire_alerts_received", METRIC_COUNTER,
	NULL, "alertname, status",
	"Alerts that Alertmanager sent to /hooks/alertmanager, repeats "
	"included; beyond 100 names they are _other"},
    [METRIC_ALERT_DETECTION] = {"faultwire_alert_detection_seconds",
	METRIC_GAUGE, "seconds", "alertname, route, experiment",
	"How long after its fault the last matched alert fired; route is a "
	"partition's name where that cut, experiment is left out where none "
	"ran"},
    [METRIC_RELOAD_SUCCESSFUL] = {"faultwire_config_last_reload_successful",
	METRIC_GAUGE, NULL, "",
	"1 if the configuration was good when it was last read, else 0"},
    [METRIC_RELOAD_TIME] =
	{"faultwire_config_last_reload_success_timestamp_seconds", METRIC_GAUGE,
	    "seconds", "",
	    "When the configuration was last read and good, since 1970"},
    [METRIC_LOOP_LAG] = {"faultwire_event_loop_lag_seconds", METRIC_HISTOGRAM,
	"seconds", "",
	"How late workers ran the earliest deadline that was due"},
    [METRIC_TELEMETRY_DROPPED] = {"faultwire_telemetry_dropped", METRIC_COUNTER,
	NULL, "signal, reason",
	"Log lines, events, journal lines, spans and annotations lost "
	"because nobody took them"},
    [METRIC_TELEMETRY_SENT] = {"faultwire_telemetry_sent", METRIC_COUNTER, NULL,
	"signal",
	"Spans that a collector took, annotations that Grafana did, and log "
	"lines that Loki did"},
    [METRIC_BUILD] = {"faultwire_build", METRIC_INFO, NULL,
	"version, revision, tls", "What runs here; always 1"},
    [METRIC_PROCESS_CPU] = {"process_cpu_seconds", METRIC_COUNTER, "seconds",
	"", "Processor time of the process, user and system"},
    [METRIC_PROCESS_OPEN_FDS] = {"process_open_fds", METRIC_GAUGE, NULL, "",
	"Descriptors open now"},
    [METRIC_PROCESS_MAX_FDS] = {"process_max_fds", METRIC_GAUGE, NULL, "",
	"Descriptors that may be open at most"},
    [METRIC_PROCESS_RESIDENT] = {"process_resident_memory_bytes", METRIC_GAUGE,
	"bytes", "", "Resident memory"},
    [METRIC_PROCESS_VIRTUAL] = {"process_virtual_memory_bytes", METRIC_GAUGE,
	"bytes", "", "Virtual memory"},
    [METRIC_PROCESS_START] = {"process_start_time_seconds", METRIC_GAUGE,
	"seconds", "", "When the process began, since 1970"},
    [METRIC_TOXIPROXY_RECEIVED] = {"toxiproxy_proxy_received_bytes",
	METRIC_COUNTER, "bytes", "direction, proxy, listener, upstream",
	"Bytes read, as Toxiproxy names them; live, where asked for by "
	"-proxy-metrics"},
    [METRIC_TOXIPROXY_SENT] = {"toxiproxy_proxy_sent_bytes", METRIC_COUNTER,
	"bytes", "direction, proxy, listener, upstream",
	"Bytes written, likewise"},
    [METRIC_EXPERIMENT_RUNS] = {"faultwire_experiment_runs", METRIC_COUNTER,
	NULL, "experiment, verdict",
	"Scheduled runs that ended, since the scheduler began: passed, failed, "
	"aborted or inconclusive (in the file of `experiment schedule "
	"--metrics`, as the next ones)"},
    [METRIC_EXPERIMENT_LAST_START] = {
	"faultwire_experiment_last_start_timestamp_seconds", METRIC_GAUGE,
	"seconds", "experiment", "When the last scheduled run began"},
    [METRIC_EXPERIMENT_LAST_END] = {
	"faultwire_experiment_last_end_timestamp_seconds", METRIC_GAUGE,
	"seconds", "experiment", "When a scheduled run last ended"},
    [METRIC_SCHEDULE_NEXT_RUN] = {
	"faultwire_schedule_next_run_timestamp_seconds", METRIC_GAUGE,
	"seconds", "experiment",
	"When the next run is due; in the past: nobody started it"},
    [METRIC_SCHEDULE_LEFT_OUT] = {"faultwire_schedule_runs_left_out",
	METRIC_COUNTER, NULL, "experiment, reason",
	"Runs that did not take place: blackout, overlap, or missed, as their "
	"time had passed"},
    [METRIC_SCHEDULE_LAST_MISSED] = {
	"faultwire_schedule_last_missed_timestamp_seconds", METRIC_GAUGE,
	"seconds", "experiment",
	"When it was last noticed that a run's time had passed"},
};
