/* SPDX-License-Identifier: Apache-2.0 */
/* Which words of a route stand for which way of asking. */
#include "proxy/asking.h"

#include <assert.h>
#include <stdlib.h>

#include "config/model.h"

static const struct asking_ops *
ops_of(int accept)
{
	assert(conf_accept_is_asked(accept));
	return accept == ACCEPT_SOCKS5 ? &socks5_ops : &connect_ops;
}

void
asking_init(struct asking *a, int accept, bool requests, size_t max_head)
{
	*a = (struct asking){.ops = ops_of(accept), .requests = requests};
	http1_head_init(&a->head, true, max_head);
}

void
asking_fini(struct asking *a)
{
	str_fini(&a->reply);
	free(a->host);
	a->host = NULL;
}

enum asking_result
asking_look(struct asking *a, const char *data, size_t len)
{
	a->used = 0;
	return a->ops->look(a, data, len);
}

void
asking_answer(int accept, enum dial_result result, struct str *to)
{
	ops_of(accept)->answer(to, result);
}

void
asking_deny(int accept, struct str *to)
{
	ops_of(accept)->deny(to);
}
