/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming an ordinary user for good, once everything that needs root is
 * open. Nothing is kept, no capability either: a port below 1024 that is
 * asked for later is refused by the system. */
#ifndef CONTROL_PRIVILEGES_H
#define CONTROL_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/model.h"

struct privileges {
	uid_t uid;
	gid_t gid;
};

/* Reads "USER[:GROUP]", names or numbers; without a group it is the user's
 * own. False: err says what is wrong with it. */
bool privileges_parse(const char *text, struct privileges *to,
    struct error *err) WARN_UNUSED;
/* Hands the files of the model's Unix sockets, the API's included, to that
 * user. False: err names the first that could not be. */
bool privileges_give_sockets(const struct privileges *to,
    const struct conf_model *model, struct error *err) WARN_UNUSED;
/* Becomes that user in all threads: no other groups, no way back (which is
 * tried). Who is that user already is done. False: err says why not; the
 * process may be half changed and must end. */
bool privileges_drop(const struct privileges *to, struct error *err)
    WARN_UNUSED;

#endif
