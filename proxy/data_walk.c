/* SPDX-License-Identifier: Apache-2.0 */
/* What all walkers keep of a command. */
#include "proxy/data_walk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/hash.h"

void
data_command_fini(struct data_command *c)
{
	str_fini(&c->text);
}

bool
data_command_has(const struct data_command *c, const char *word)
{
	for (size_t i = 0; i < c->words_count; i++) {
		if (strcmp(c->words[i], word) == 0)
			return true;
	}
	return false;
}

void
data_command_word(struct data_command *c, const char *word, size_t len)
{
	char text[DATA_WORD] = "";

	if (len == 0 || c->words_count == DATA_WORDS)
		return;
	for (size_t i = 0; i < MIN(len, sizeof(text) - 1); i++)
		text[i] = (char)toupper((unsigned char)word[i]);
	if (!data_command_has(c, text))
		memcpy(c->words[c->words_count++], text, sizeof(text));
}

void
data_command_text(struct data_command *c, const char *data, size_t len)
{
	if (!c->watched || len == 0)
		return;
	c->hash = hash_bytes(c->hash != 0 ? c->hash : HASH_SEED, data, len);
	if (c->text.len < DATA_TEXT)
		str_add_bytes(&c->text, data, MIN(len,
		    DATA_TEXT - c->text.len));
}

void
data_command_error(struct data_command *c, const char *code, size_t len)
{
	len = MIN(len, sizeof(c->code) - 1);
	if (c->failed)
		return;
	c->failed = true;
	for (size_t i = 0; i < len; i++)
		c->code[i] = isalnum((unsigned char)code[i]) ? code[i] : '?';
}

static int
by_name(const void *word, const void *entry)
{
	return strcmp(word, *(const char *const *)entry);
}

bool
data_stores(const struct data_ops *ops, const struct data_command *c)
{
	for (size_t i = 0; i < c->words_count; i++) {
		if (bsearch(c->words[i], ops->reads, ops->reads_count,
			sizeof(*ops->reads), by_name) == NULL)
			return true;
	}
	return false;
}

static const char *
known(const struct data_ops *ops, const char *word)
{
	const char *const *at = bsearch(word, ops->methods,
	    ops->methods_count, sizeof(*ops->methods), by_name);

	return at != NULL ? *at : "OTHER";
}

const char *
data_method(const struct data_ops *ops, const struct data_command *c)
{
	if (c->push)
		return "PUSH";
	if (data_command_has(c, ops->commit))
		return ops->commit;
	return c->words_count > 0 ? known(ops, c->words[0]) : "OTHER";
}
