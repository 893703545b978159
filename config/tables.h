/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of every group of the file but the kinds' own. */
#ifndef CONFIG_TABLES_H
#define CONFIG_TABLES_H

#include "config/field.h"

/* Words of enum conf_protocol; NULL-ended. */
extern const char *const conf_protocols[];

extern const struct conf_field conf_file_fields[];	/* conf_model */
extern const struct conf_field conf_control_fields[];	/* conf_control */
extern const struct conf_field conf_log_fields[];	/* conf_log */
extern const struct conf_field conf_observe_fields[];	/* conf_observe */
extern const struct conf_field conf_service_fields[];	/* conf_service */
extern const struct conf_field conf_route_fields[];	/* conf_route */
extern const struct conf_field conf_match_fields[];	/* conf_route */
extern const struct conf_field conf_tls_fields[];	/* conf_route */
extern const struct conf_field conf_upstream_tls_fields[]; /* conf_route */
extern const struct conf_field conf_fault_fields[];	/* conf_fault */
extern const struct conf_field conf_when_fields[];	/* conf_when */
extern const struct conf_field conf_partition_fields[]; /* conf_partition */

#endif
