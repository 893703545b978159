/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of every group of the file but the kinds' own. */
#ifndef CONFIG_TABLES_H
#define CONFIG_TABLES_H

#include "config/field.h"

/* Words of enum conf_protocol; NULL-ended. */
extern const char *const conf_protocols[];
/* Words of enum conf_accept; NULL-ended. */
extern const char *const conf_accepts[];

extern const struct conf_field conf_file_fields[];	/* conf_model */
extern const struct conf_field conf_control_fields[];	/* conf_control */
extern const struct conf_field conf_log_fields[];	/* conf_log */
extern const struct conf_field conf_observe_fields[];	/* conf_observe */
extern const struct conf_field conf_trace_fields[];	/* conf_trace */
extern const struct conf_field conf_grafana_fields[];	/* conf_grafana */
extern const struct conf_field conf_loki_fields[];	/* conf_loki */
extern const struct conf_field conf_service_fields[];	/* conf_service */
extern const struct conf_field conf_route_fields[];	/* conf_route */
extern const struct conf_field conf_match_fields[];	/* conf_route */
extern const struct conf_field conf_tls_fields[];	/* conf_route */
extern const struct conf_field conf_upstream_tls_fields[]; /* conf_route */
extern const struct conf_field conf_fault_fields[];	/* conf_fault */
extern const struct conf_field conf_when_fields[];	/* conf_when */
extern const struct conf_field conf_partition_fields[]; /* conf_partition */

/* Of an experiment: tables_experiment.c, tables_scenario.c. */
extern const struct conf_field conf_experiment_fields[]; /* conf_experiment */
extern const struct conf_field conf_load_fields[];	 /* conf_load */
extern const struct conf_field conf_request_fields[];	 /* conf_request */
extern const struct conf_field conf_mark_fields[];	 /* conf_mark */
extern const struct conf_field conf_load_step_fields[];	 /* conf_load_step */
extern const struct conf_field conf_steady_fields[];	 /* conf_steady */
extern const struct conf_field conf_guards_fields[];	 /* conf_guards */
extern const struct conf_field conf_abort_fields[];	 /* conf_abort */
extern const struct conf_field conf_phases_fields[];	 /* conf_phases */
extern const struct conf_field conf_scenario_fields[];	 /* conf_scenario */
extern const struct conf_field conf_step_fields[];	 /* conf_step */
extern const struct conf_field conf_load_scale_fields[]; /* conf_load_step */
extern const struct conf_field conf_verify_fields[];	 /* conf_scenario */
extern const struct conf_field conf_hook_fields[];	 /* conf_scenario */
extern const struct conf_field conf_report_fields[];	 /* conf_report */
extern const struct conf_field conf_schedule_fields[];	 /* conf_schedule */
extern const struct conf_field conf_monkey_fields[];	 /* conf_schedule */

#endif
