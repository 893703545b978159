/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: colours, numbers, lines of toxics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/toxcli.h"

/* Digits before an exponent takes over. */
#define PLAIN_DIGITS 6

const char *
toxcli_colour(const struct toxcli *cli, enum toxcli_colour colour)
{
	static const char *const sequences[] = {
	    [RED] = "\x1b[31m", [GREEN] = "\x1b[32m", [YELLOW] = "\x1b[33m",
	    [BLUE] = "\x1b[34m", [PURPLE] = "\x1b[35m", [NONE] = "\x1b[0m"};

	return cli->is_terminal ? sequences[colour] : "";
}

void
toxcli_hint(const struct toxcli *cli, const char *text)
{
	if (cli->is_terminal)
		printf("\n%sHint: %s\n", toxcli_colour(cli, NONE), text);
}

void
toxcli_number(struct str *to, double value)
{
	char text[40];
	int digits = 0, exponent;

	do
		snprintf(text, sizeof(text), "%.*e", digits, value);
	while (strtod(text, NULL) != value && ++digits < 17);
	exponent = atoi(strchr(text, 'e') + 1);
	if (value != 0 && (exponent < -4 || exponent >= PLAIN_DIGITS))
		str_add(to, text);
	else
		str_printf(to, "%.*f", digits > exponent ? digits - exponent
							 : 0, value);
}

static void
add_value(struct str *to, const json_t *value)
{
	if (json_is_number(value))
		toxcli_number(to, json_number_value(value));
	else if (json_is_string(value))
		str_add(to, json_string_value(value));
	else if (json_is_boolean(value))
		str_add(to, json_is_true(value) ? "true" : "false");
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "\tk=v" for each, sorted. */
static void
add_attributes(struct str *to, json_t *attributes)
{
	const char **keys = xcalloc(json_object_size(attributes) + 1,
	    sizeof(*keys));
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(attributes, key, value)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++) {
		str_printf(to, "\t%s=", keys[i]);
		add_value(to, json_object_get(attributes, keys[i]));
	}
	free(keys);
}

static void
print_toxic(const struct toxcli *cli, const json_t *toxic)
{
	struct str line = {0};

	str_printf(&line, "%s%s%s%s\t", toxcli_colour(cli, BLUE),
	    cli_text(toxic, "name"), cli->is_terminal ? ":" : "",
	    toxcli_colour(cli, NONE));
	str_printf(&line, "type=%s\tstream=%s\ttoxicity=%.2f\tattributes=[",
	    cli_text(toxic, "type"), cli_text(toxic, "stream"),
	    json_number_value(json_object_get(toxic, "toxicity")));
	add_attributes(&line, json_object_get(toxic, "attributes"));
	str_add(&line, "\t]\n");
	fputs(line.text, stdout);
	str_fini(&line);
}

size_t
toxcli_print_toxics(const struct toxcli *cli, const json_t *toxics,
    const char *stream)
{
	const json_t *toxic;
	size_t i, count = 0;

	json_array_foreach(toxics, i, toxic) {
		bool up = strcmp(cli_text(toxic, "stream"), "upstream") == 0;

		if (stream != NULL && up != (strcmp(stream, "upstream") == 0))
			continue;
		print_toxic(cli, toxic);
		count++;
	}
	return count;
}
