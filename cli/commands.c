/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the program. */
#include "cli/options.h"

const struct command *const commands[] = {
    &command_ca,
    &command_check,
    &command_complete,
    &command_completion,
    &command_config,
    &command_events,
    &command_experiment,
    &command_explain,
    &command_fault,
    &command_faults,
    &command_grafana,
    &command_healthcheck,
    &command_intercept,
    &command_partition,
    &command_profiles,
    &command_reactions,
    &command_reload,
    &command_reset,
    &command_route,
    &command_routes,
    &command_run,
    &command_sessions,
    &command_status,
    &command_top,
    &command_toxiproxy_cli,
    &command_toxiproxy_server,
    &command_verdict,
    NULL,
};
