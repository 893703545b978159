/* SPDX-License-Identifier: Apache-2.0 */
/* Writes whose fate is in doubt. A proxy sees who was told what; only reading
 * back shows what is stored. */
#include "experiment/data_loss.h"

#include <string.h>

#include "base/attr.h"
#include "experiment/identity.h"

/* Errors of servers that are no fault of what was asked: classes of SQLSTATE,
 * numbers of MySQL (no space, waited too long for a lock, read only), words of
 * Redis. */
static bool
is_failure(const char *code)
{
	static const char *const codes[] = {"08", "40", "53", "55", "57", "58",
	    "70", "BUSY", "CLUSTERDOWN", "E1021", "E1114", "E1205", "E1290",
	    "E1836", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM",
	    "READONLY", "TRYAGAIN", "XX"};

	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		if (strncmp(codes[i], code, strlen(codes[i])) == 0)
			return true;
	}
	return false;
}

static uint8_t
part_of(uint8_t part)
{
	static const enum call_part parts[] = {[PART_NONE] = CALL_NONE,
	    [PART_SOME] = CALL_SOME, [PART_WHOLE] = CALL_WHOLE};

	return (uint8_t)parts[part];
}

void
call_exchange(struct call *c, const struct event_exchange *x)
{
	if (!x->known)
		return;
	c->forwarded = part_of(x->forwarded);
	c->answered = part_of(x->answered);
	c->delivered = part_of(x->delivered);
	c->refused = x->failed || c->status >= 400;
	c->stores = x->stores;
	c->commit = x->commit;
	c->in_transaction = x->transaction != NULL &&
	    strcmp(x->transaction, "none") != 0;
	if (c->outcome == CALL_OK && is_failure(x->code))
		c->outcome = CALL_ERROR;
}

enum write_fate
write_fate_of(const struct call *c)
{
	if (!c->stores || c->forwarded == CALL_UNKNOWN ||
	    (c->in_transaction && !c->commit))
		return WRITE_NONE;
	if (c->refused && c->answered != CALL_NONE)
		return WRITE_REFUSED;
	if (c->delivered == CALL_WHOLE)
		return WRITE_ACKED;
	return c->forwarded == CALL_WHOLE ? WRITE_AMBIGUOUS : WRITE_CUT;
}

/* --- the verdict ---------------------------------------------------------- */

struct fates {
	size_t count[WRITE_REFUSED + 1];
	size_t writes;
	size_t commits;	   /* among the ambiguous */
	size_t resent;	   /* ambiguous or cut, and sent again */
	size_t again;	   /* … those that were ambiguous */
	size_t undone;	   /* open transactions that were cut off */
	bool known;	   /* there are exchanges */
};

static void
add_call(const struct call *c, struct fates *to)
{
	enum write_fate fate = write_fate_of(c);

	to->known |= c->forwarded != CALL_UNKNOWN;
	to->undone += c->in_transaction && !c->commit && call_failed(c) &&
	    c->outcome != CALL_ERROR;
	to->count[fate]++;
	to->writes += fate != WRITE_NONE;
	to->commits += fate == WRITE_AMBIGUOUS && c->commit;
}

static void
add_chains(const struct scope *s, struct fates *to)
{
	struct chains all;

	chains_build(s, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct chain *c = &all.items[i];

		for (size_t n = 0; n + 1 < c->length; n++) {
			const struct call *call = chain_call(&all, c, n);
			enum write_fate fate = write_fate_of(call);

			if (scope_window(s, call->start_us) == NULL)
				continue;
			to->resent += fate == WRITE_AMBIGUOUS ||
			    fate == WRITE_CUT;
			to->again += fate == WRITE_AMBIGUOUS;
		}
	}
	chains_fini(&all);
}

static void
say(const struct fates *f, struct verdict *v)
{
	v->n = f->writes;
	verdict_number(v, "acked", (double)f->count[WRITE_ACKED]);
	verdict_number(v, "ambiguous", (double)f->count[WRITE_AMBIGUOUS]);
	verdict_number(v, "commits_in_doubt", (double)f->commits);
	verdict_number(v, "cut", (double)f->count[WRITE_CUT]);
	verdict_number(v, "refused", (double)f->count[WRITE_REFUSED]);
	verdict_number(v, "resent", (double)f->resent);
	verdict_number(v, "resent_in_doubt", (double)f->again);
	verdict_number(v, "transactions_undone", (double)f->undone);
	if (f->writes == 0) {
		verdict_say(v, STATE_NOT_EXERCISED,
		    "nothing was written while it was armed");
		verdict_wants(v, "writes under the fault");
		return;
	}
	if (f->count[WRITE_AMBIGUOUS] == 0)
		verdict_say(v, STATE_ABSENT, "none of %zu writes is in doubt: "
		    "%zu were acknowledged, %zu never reached the server "
		    "whole, %zu were refused", f->writes,
		    f->count[WRITE_ACKED], f->count[WRITE_CUT],
		    f->count[WRITE_REFUSED]);
	else
		verdict_say(v, STATE_CONFIRMED, "%zu of %zu writes are in "
		    "doubt: the server had the request, and the client no "
		    "whole answer; %zu of them were sent again",
		    f->count[WRITE_AMBIGUOUS], f->writes, f->again);
	verdict_wants(v, "reading back which ids are stored");
}

void
data_loss_judge(const struct scope *s, struct verdicts *to)
{
	const struct calls *calls = &s->route->calls;
	struct fates fates = {0};
	struct verdict *v;

	for (size_t i = 0; i < calls->count; i++) {
		if (scope_window(s, calls->items[i].start_us) != NULL)
			add_call(&calls->items[i], &fates);
	}
	if (!fates.known)
		return; /* there are no requests, or no word of them */
	if (fates.count[WRITE_AMBIGUOUS] + fates.count[WRITE_CUT] > 0)
		add_chains(s, &fates);
	v = scope_verdict(s, to, "data_loss", "fates/1");
	say(&fates, v);
	for (size_t i = 0; i < calls->count; i++) {
		const struct call *c = &calls->items[i];

		if (write_fate_of(c) == WRITE_AMBIGUOUS &&
		    scope_window(s, c->start_us) != NULL)
			verdict_line(v, c->line);
	}
}
