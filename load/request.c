/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling requests. */
#include "load/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/pattern.h"

/* Put in where the file does not say otherwise. */
static const struct {
	const char *name, *value;
} added[] = {
    {"User-Agent", "faultwire/" FAULTWIRE_VERSION},
    {"Accept", "*/*"},
    {"X-Request-Id", "{uuid}"},
    {"Traceparent", "00-{trace}-{span}-01"},
};

const struct load_header *
load_request_header(const struct load_request *r, const char *name)
{
	for (size_t i = 0; i < r->headers_count; i++) {
		if (strcasecmp(r->headers[i].name, name) == 0)
			return &r->headers[i];
	}
	return NULL;
}

/* Takes the name. */
static void
add_header(struct load_request *r, char *name, const char *value)
{
	struct load_header *h;

	r->headers = xrealloc(r->headers, (r->headers_count + 1) * sizeof(*h));
	h = &r->headers[r->headers_count++];
	h->name = name;
	template_init(&h->value, value);
}

static bool
read_header(struct load_request *r, const char *text, struct error *err)
{
	size_t len = strcspn(text, ": \t\r\n");
	const char *value = text + len + 1;

	if (len == 0 || text[len] != ':')
		return error_set(err, 0,
				 "header \"%s\": expected \"Name: "
				 "value\"",
				 text);
	value += strspn(value, " \t");
	if (strpbrk(value, "\r\n") != NULL)
		return error_set(err, 0, "header \"%s\": a line break within",
				 text);
	add_header(r, xmemdup0(text, len), value);
	return true;
}

/* A body that looks like JSON is said to be. */
static void
add_type(struct load_request *r, const char *body)
{
	char first = body != NULL ? body[strspn(body, " \t\r\n")] : '\0';

	if ((first == '{' || first == '[') &&
	    load_request_header(r, "Content-Type") == NULL)
		add_header(r, xstrdup("Content-Type"), "application/json");
}

/* Words apart by blanks; those in quotes may have blanks within, and \" and
 * \\ in double ones. Returns where the next one begins, or NULL. */
static const char *
next_word(const char *at, struct str *word, bool *ok)
{
	char quote = '\0';

	at += strspn(at, " \t\r\n");
	if (*at == '\0')
		return NULL;
	for (; *at != '\0'; at++) {
		if (quote == '\0' && strchr(" \t\r\n", *at) != NULL)
			break;
		if (*at == quote)
			quote = '\0';
		else if (quote == '\0' && (*at == '"' || *at == '\''))
			quote = *at;
		else if (quote == '"' && *at == '\\' && at[1] != '\0')
			str_add_char(word, *++at);
		else
			str_add_char(word, *at);
	}
	*ok = quote == '\0';
	return at;
}

static bool
read_words(struct load_request *r, const char *send, struct error *err)
{
	const char *at = send;
	bool ok = true;

	while (at != NULL && ok) {
		struct str word = {0};

		str_add(&word, "");
		at = next_word(at, &word, &ok);
		if (at != NULL) {
			r->words = xrealloc(r->words, (r->words_count + 1) *
							  sizeof(*r->words));
			template_init(&r->words[r->words_count++], word.text);
		}
		str_fini(&word);
	}
	return ok || error_set(err, 0, "send: a quote is not closed");
}

static bool
read_expect(struct load_request *r, const char *expect, struct error *err)
{
	const char *not = expect != NULL && expect[0] == '!' ? "!" : "";

	if (expect == NULL)
		return true;
	expect += strlen(not );
	/* It is looked for anywhere in what comes back. */
	r->expect.text = expect[0] == '~' ? xasprintf("%s%s", not, expect)
					  : xasprintf("%s*%s*", not, expect);
	return conf_pattern_compile(&r->expect, false, err);
}

bool
load_request_init(struct load_request *r, const struct conf_request *asked,
		  struct error *err)
{
	*r = (struct load_request){
	    .asked = asked,
	    .method = asked->method != NULL ? asked->method : "GET",
	    .has_body = asked->body != NULL};
	template_init(&r->target, asked->target != NULL ? asked->target : "/");
	template_init(&r->body, asked->body);
	template_init(&r->send, asked->send);
	for (size_t i = 0; i < asked->headers.count; i++) {
		if (!read_header(r, asked->headers.items[i], err))
			return false;
	}
	for (size_t i = 0; i < COUNT_OF(added); i++) {
		if (load_request_header(r, added[i].name) == NULL)
			add_header(r, xstrdup(added[i].name), added[i].value);
	}
	add_type(r, asked->body);
	return read_expect(r, asked->expect, err);
}

bool
load_request_words(struct load_request *r, struct error *err)
{
	if (r->asked->send == NULL)
		return error_set(err, 0, "expected send");
	return read_words(r, r->asked->send, err);
}

bool
load_request_check_target(struct load_request *r, struct error *err)
{
	const char *target = r->asked->target;

	if (target == NULL)
		return true;
	if (target[strcspn(target, " \t\r\n")] != '\0')
		return error_set(err, 0,
				 "target \"%s\": a blank within; "
				 "expected %%20",
				 target);
	if (target[0] != '/' && strcmp(target, "*") != 0)
		return error_set(err, 0,
				 "target \"%s\": expected a path that "
				 "begins with /",
				 target);
	return true;
}

void
load_request_fini(struct load_request *r)
{
	template_fini(&r->target);
	template_fini(&r->body);
	template_fini(&r->send);
	for (size_t i = 0; i < r->headers_count; i++) {
		free(r->headers[i].name);
		template_fini(&r->headers[i].value);
	}
	free(r->headers);
	for (size_t i = 0; i < r->words_count; i++)
		template_fini(&r->words[i]);
	free(r->words);
	conf_pattern_clear(&r->expect);
	free(r->expect.text);
	*r = (struct load_request){0};
}
