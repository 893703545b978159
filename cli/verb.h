/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `route`, `fault` and `partition` share: their options and
 * the way from KEY=VALUE to a body. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/assign.h"
#include "cli/cli.h"

/* Options of all verbs; each table takes those of its verb. */
struct verb {
	struct cli cli; /* first */
	const char *listen, *upstream, *protocol, *time, *at;
	struct option_texts set, fault, unset;
	bool close;
};

#define VERB_OPTION(name, type, member, value, help)                           \
	{0, name, type, offsetof(struct verb, member), value, help}
#define VERB_SET                                                               \
	VERB_OPTION("set", OPTION_TEXTS, set, "KEY=VALUE",                     \
	    "the same as KEY=VALUE among the arguments")
#define VERB_UNSET                                                             \
	VERB_OPTION("unset", OPTION_TEXTS, unset, "KEY",                       \
	    "back to the default; may stand several times")
#define VERB_FOR                                                               \
	VERB_OPTION("for", OPTION_TEXT, time, "DURATION",                      \
	    "ends by itself after so long: 30s, 5m")

/* Of verbs that only read; that change without further options. */
extern const struct option_row verb_read_options[];
extern const struct option_row verb_change_options[];

typedef int verb_fn(struct verb *verb, int argc, char **args);

/* Runs a verb from its command line. Returns an exit code. */
int verb_run(const struct command *command, int argc, char **argv,
    verb_fn *work);

/* Declares the command `id` and its function run_<id>. */
#define VERB(id, work)                                                         \
	static const struct command id;                                        \
	static int run_##id(int argc, char **argv)                             \
	{                                                                      \
		return verb_run(&id, argc, argv, work);                        \
	}

/* Whose keys KEY=VALUE names: a kind's (and any fault's), or a table's. */
struct verb_keys {
	const struct conf_kind *kind; /* NULL: the table */
	const struct conf_field *table;
};

/* Puts --set, the arguments and --unset into `object`. Returns an exit code,
 * said if it is not EXIT_DONE: EXIT_USAGE for what is no KEY=VALUE. */
int verb_put_all(const struct verb *verb, const struct verb_keys *keys,
    json_t *object, int argc, char **args);
/* Puts an option that stands for a key; value NULL: not given. Returns an exit
 * code likewise. */
int verb_put_option(const struct verb *verb, const struct verb_keys *keys,
    json_t *object, const char *key, const char *value);
/* Says that nothing is to be set. Returns EXIT_USAGE. */
int verb_nothing(const struct verb *verb);
/* Says what an error of assign.h says, and returns its exit code. */
int verb_refuse(const struct verb *verb, const char *where,
    const struct error *err);
/* cli_change(), which also takes path and `done`. */
int verb_change(struct verb *verb, const char *method, char *path,
    json_t *body, char *done);

#endif
