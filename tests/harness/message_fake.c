/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP message in memory that records its edits. */
#include "tests/harness/message_fake.h"

#include <check.h>
#include <string.h>

static struct message_fake *
fake_of(struct message *m)
{
	return (struct message_fake *)(void *)m;
}

static bool
no_header(
    const struct message *m, const char *name, size_t n, struct view *value)
{
	(void)m;
	(void)name;
	(void)n;
	(void)value;
	return false;
}

static void
on_set_header(struct message *m, const char *name, const char *value)
{
	str_printf(&fake_of(m)->edits, "set %s=%s\n", name, value);
}

static void
on_add_header(struct message *m, const char *name, const char *value)
{
	str_printf(&fake_of(m)->edits, "add %s=%s\n", name, value);
}

static void
on_remove_header(struct message *m, const char *name)
{
	str_printf(&fake_of(m)->edits, "remove %s\n", name);
}

static void
on_set_status(struct message *m, int status)
{
	str_printf(&fake_of(m)->edits, "status %d\n", status);
}

static void
on_set_body(struct message *m, const void *data, size_t len)
{
	fake_of(m)->has_body = true;
	str_add_bytes(&fake_of(m)->body, data, len);
}

static void
on_filter_body(struct message *m, struct message_filter filter)
{
	if (fake_of(m)->filter.drop != NULL)
		fake_of(m)->filter.drop(fake_of(m)->filter.arg);
	fake_of(m)->filter = filter;
}

static void
on_set_raw(struct message *m, const void *data, size_t len, enum flow_end how)
{
	fake_of(m)->has_raw = true;
	fake_of(m)->how = how;
	str_add_bytes(&fake_of(m)->raw, data, len);
}

static const struct message_ops ops = {
    .header = no_header,
    .set_header = on_set_header,
    .add_header = on_add_header,
    .remove_header = on_remove_header,
    .set_status = on_set_status,
    .set_body = on_set_body,
    .filter_body = on_filter_body,
    .set_raw = on_set_raw,
};

void
message_fake_init(struct message_fake *m, int status, int64_t body_len)
{
	*m = (struct message_fake){
	    .message = {.ops = &ops,
		.status = status,
		.body_len = body_len,
		.on_wire = true,
		.head = VIEW("HTTP/1.1 200 OK\r\nServer: fake\r\n\r\n")},
	};
}

void
message_fake_fini(struct message_fake *m)
{
	if (m->filter.drop != NULL)
		m->filter.drop(m->filter.arg);
	str_fini(&m->edits);
	str_fini(&m->body);
	str_fini(&m->raw);
}

void
message_fake_body(struct message_fake *m, const char *text, bool end)
{
	ck_assert_msg(m->filter.run != NULL, "nobody filters the body");
	m->filter.run(m->filter.arg, &m->body, text, strlen(text), end);
}
