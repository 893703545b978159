/* SPDX-License-Identifier: Apache-2.0 */
/* Firewall rules that bring connections to routes with accept = "redirect" or
 * "tproxy". All of them stand in one nftables table of our own, `inet
 * faultwire`, which is replaced and removed as a whole; TPROXY takes one
 * routing rule and one routing table more. Nothing else is ever touched. */
#ifndef CONTROL_INTERCEPT_H
#define CONTROL_INTERCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "config/destination.h"
#include "config/model.h"

/* Whose connections redirect rules catch; bits. TPROXY is about those of
 * others alone. */
#define INTERCEPT_OUTPUT     0x1u /* of this host's (or container's) programs */
#define INTERCEPT_PREROUTING 0x2u /* of others, that pass through or arrive */

struct intercept {
	unsigned hooks; /* INTERCEPT_* */
	unsigned *skip_uids; /* owned; programs that are left alone */
	size_t skip_uids_count;
	struct conf_destination *skip; /* owned; destinations left alone */
	size_t skip_count;
	const char *cgroup; /* borrowed; only programs in it; NULL: all */
	bool draining; /* nothing new is diverted; what is open goes on */
};

/* Zeroed memory: no redirect rules, nobody is left alone. Each takes what a
 * user wrote, "output", "prerouting" or "both"; a user's name or number; an
 * address, a range or "*". False: err says what was expected. */
bool intercept_hooks(struct intercept *i, const char *text,
    struct error *err) WARN_UNUSED;
bool intercept_skip_user(struct intercept *i, const char *text,
    struct error *err) WARN_UNUSED;
bool intercept_skip(struct intercept *i, const char *text,
    struct error *err) WARN_UNUSED;
/* Only programs in that group (NULL: all); borrows. */
bool intercept_cgroup(struct intercept *i, const char *path,
    struct error *err) WARN_UNUSED;
void intercept_fini(struct intercept *i);

/* Does any route of the model want rules? Does one want TPROXY? */
bool intercept_wanted(const struct conf_model *model);
bool intercept_diverts(const struct conf_model *model);
/* Appends the script (nft(8)) that makes the table as the model wants it, in
 * place of one that is there. False: a route cannot be served, err names it,
 * nothing was appended. */
bool intercept_script(const struct intercept *i,
    const struct conf_model *model, struct str *to,
    struct error *err) WARN_UNUSED;

/* --- on this host (intercept_apply.c) ------------------------------------ */

/* Makes the rules of the script, and, if `divert` (see intercept_diverts()),
 * the routing for TPROXY. All of them take CAP_NET_ADMIN, run nft and ip, and
 * block. False: err says why; then rules are as they were, and there is no
 * routing for TPROXY. */
bool intercept_up(const char *script, bool divert,
    struct error *err) WARN_UNUSED;
/* Removes whatever intercept_up() made, now or in an earlier life; nothing
 * there is fine, too. */
bool intercept_down(struct error *err) WARN_UNUSED;
/* Appends what is in force: the table as nft lists it (as JSON), and nothing
 * if there is none. */
bool intercept_show(bool json, struct str *to, struct error *err) WARN_UNUSED;

#endif
