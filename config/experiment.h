/* SPDX-License-Identifier: Apache-2.0 */
/* What an experiment file says beside routes: load, steady state, guards,
 * scenarios on a timeline, what is expected, schedule, report. Part of a
 * conf_model: immutable, and read by the same tables and rules. `faultwire run`
 * checks these groups and leaves them alone. */
#ifndef CONFIG_EXPERIMENT_H
#define CONFIG_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"
#include "config/field.h"

struct conf_fault;
struct conf_partition;

/* --- load: what the driver sends --------------------------------------- */

enum conf_load_protocol {
	LOAD_HTTP1,
	LOAD_HTTP2,
	LOAD_REDIS,    /* RESP; send is one command in words */
	LOAD_POSTGRES, /* simple query; send is SQL */
	LOAD_RAW,      /* send as it is, expect a pattern in what comes back */
};
enum conf_arrivals { ARRIVALS_CONSTANT, ARRIVALS_JITTER, ARRIVALS_POISSON };

/* One weighted template. {seq}, {uuid} and {rand} are replaced in target, body,
 * headers and send. */
struct conf_request {
	double weight;
	char *method;		     /* "GET" by default; never NULL */
	char *target;		     /* of HTTP: "/api/{seq}" */
	/* Short for method and target, as written; those say the same. */
	char *get, *post, *put, *patch, *del;
	char *body, *send, *expect;  /* NULL: none */
	struct conf_strings headers; /* "Name: value" */
	bool idempotent; /* default by method; a note for readers */
	struct conf_where where;
};

/* A mark of a degraded answer: any of them makes it one. */
struct conf_mark {
	char *header;	     /* "X-Degraded", "Name: pattern" */
	char *body_contains; /* text */
	int64_t size_below;  /* bytes; 0: no such mark */
	struct conf_where where;
};

struct conf_load_step {
	int64_t at_us; /* from the load's start */
	double rate;   /* requests per second from then on (ramp: until) */
};

struct conf_load {
	char *name;
	char *target; /* a route's name: its listener; or host:port */
	int protocol; /* enum conf_load_protocol */
	double rate;  /* requests per second */
	int arrivals; /* enum conf_arrivals */
	bool ramp;    /* between steps, instead of a stair */
	struct conf_load_step *steps; /* owned; may be none */
	size_t steps_count;
	int64_t timeout_us;
	int64_t max_in_flight; /* more is lost load, and counted */
	bool fresh;	       /* a new connection for every request */
	bool serial;	       /* one at a time; for identification runs */
	char *probe;	       /* "health": these calls are health checks */
	char *user, *database; /* of LOAD_POSTGRES */
	char *password_file;   /* NULL: none */
	struct conf_request *requests; /* owned; one at least */
	size_t requests_count;
	struct conf_mark *degraded_when; /* owned */
	size_t degraded_count;
	struct conf_where where;
};

/* --- what must hold ------------------------------------------------------ */

struct conf_steady {
	char *of;			/* a load's name */
	double success_min;		/* 0: not asked */
	int64_t p95_max_us, p99_max_us; /* 0: not asked */
	int64_t min_samples;
	struct conf_where where;
};

struct conf_abort {
	char *of;	    /* a load; NULL: all */
	double error_above; /* Wilson's lower bound above it; 0: not asked */
	int64_t p95_above_us;
	double lost_load_above;
	int64_t for_us;
	int64_t min_samples;
	struct conf_strings except; /* scenarios */
	struct conf_where where;
};

struct conf_guards {
	struct conf_abort *aborts; /* owned; `abort` in the file */
	size_t aborts_count;
	int64_t max_routes_faulted;	     /* 0: no limit */
	struct conf_strings *never_together; /* owned; sets of routes */
	size_t never_together_count;
	int64_t lease_us;	      /* a fault that is not renewed goes */
	struct conf_strings blackout; /* "Fri 15:00-24:00", "Sat,Sun" */
	bool require_decided; /* exit 5 if an expectation stays undecided */
	int rollback;	      /* 0: always; there is no other */
	struct conf_where where; /* of the group, or of the experiment */
};

struct conf_phases {
	int64_t baseline_us, recover_us, steady_window_us;
	double p95_within; /* 0.25 */
};

/* --- scenarios ------------------------------------------------------------ */

/* A step of the timeline: a fault on a route, or a partition. */
struct conf_step {
	int64_t at_us;		  /* from the scenario's first fault */
	int64_t for_us;		  /* > 0 */
	char *route;		  /* of a fault */
	char *partition;	  /* its name, instead */
	struct conf_partition *cut; /* owned; one written in place, which then
				       has a name as well; or NULL */
	struct conf_fault *fault; /* owned; NULL for a partition; compiled as
				     one of that route */
	bool force;		  /* although guards say never together */
	int64_t expect_hits; /* fewer are no proof of injection; default 1 */
	struct conf_where where;
};

enum conf_identify { IDENTIFY_NONE, IDENTIFY_BREAKER, IDENTIFY_TIMEOUT };

struct conf_verify {
	char *acked; /* name of the load whose {uuid} are written */
	char *read;  /* command that prints the stored ids, one a line */
	int64_t timeout_us;
};

struct conf_hook {
	char *start, *stop; /* commands of sh; NULL: none */
	int64_t timeout_us;
};

/* One expectation: a key of experiment/expect's table and what it asks. */
struct conf_expect {
	char *key;   /* "breaker.open_max", "recovery_max", … */
	char *value; /* as written; its table says what it means */
	struct conf_strings values; /* of a list */
	struct conf_where where;
};

struct conf_scenario {
	char *name;
	struct conf_step *steps; /* owned; `faults` in the file */
	size_t steps_count;
	struct conf_load_step *load_scale; /* owned; rate is a factor */
	size_t load_scale_count;
	int identify;		     /* enum conf_identify */
	char *route;		     /* that an identification is about */
	struct conf_strings runs;    /* "fail_all", "fail_ratio:0.75", …: steps
					and load_scale are made of them */
	int64_t observe_us;	     /* length of each of these */
	struct conf_expect *expects; /* owned */
	size_t expects_count;
	struct conf_verify verify; /* read NULL: none */
	struct conf_hook hook;
	bool enabled;
	struct conf_where where;
};

/* --- report, schedule --- */

struct conf_report {
	char *dir;
	struct conf_strings formats; /* md, html, json, junit, sarif */
	double slo; /* of availability, for the error budget; 0.999 */
	int score;  /* enum conf_score */
	struct conf_where where;
};

enum conf_score { SCORE_WEIGHTED, SCORE_OFF };

enum conf_overlap { OVERLAP_FORBID, OVERLAP_QUEUE };
enum conf_missed { MISSED_SKIP, MISSED_ONCE };

struct conf_monkey {
	double mean_days; /* 0: no monkey */
	int64_t min_gap_us;
	char *window; /* "Mon-Fri 09:00-15:00" */
};

struct conf_schedule {
	char *cron; /* five fields, or "@every 6h"; NULL: none */
	char *tz;
	int64_t jitter_us;
	int overlap, missed; /* enums above */
	struct conf_monkey monkey;
	struct conf_where where;
};

/* Of a model whose file has any of these groups. */
struct conf_experiment {
	char *name;
	bool has_seed; /* else the file's, or one that is chosen at start */
	uint64_t seed;
	int64_t max_duration_us;
	struct conf_load *loads; /* owned */
	size_t loads_count;
	struct conf_steady *steady; /* owned */
	size_t steady_count;
	struct conf_guards guards;
	struct conf_phases phases;
	struct conf_scenario *scenarios; /* owned */
	size_t scenarios_count;
	struct conf_report report;
	struct conf_schedule schedule;
	struct conf_where where;
};

/* An experiment of defaults; owned. */
struct conf_experiment *conf_experiment_new(void);
/* NULL is accepted. */
void conf_experiment_free(struct conf_experiment *e);
/* The index of the load or scenario of that name; SIZE_MAX: none. */
size_t conf_experiment_load(const struct conf_experiment *e, const char *name);
size_t conf_experiment_scenario(const struct conf_experiment *e,
				const char *name);
/* True if the step made the fault of that name (NULL: none) on its route, or,
 * of a partition, on whichever. */
bool conf_step_made(const struct conf_step *step, const char *fault);
/* When the last step of the scenario ends, after its first could begin. */
int64_t conf_scenario_length(const struct conf_scenario *s);

#endif
