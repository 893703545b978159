/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: the verbs about toxics. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/toxcli.h"

#define NO_NAME "Proxy name is missing.\n"
/* Whole numbers beyond it are no longer exact. */
#define EXACT 9007199254740992.0

/* A number as a number, the rest as text. */
static json_t *
value_of(const char *text)
{
	char *end;
	double n = strtod(text, &end);
	bool plain = text[strcspn(text, "xX \t")] == '\0';

	if (!plain || end == text || *end != '\0' || !isfinite(n))
		return json_string(text);
	if (n == floor(n) && fabs(n) <= EXACT)
		return json_integer((json_int_t)n);
	return json_real(n);
}

/* "k=v,k=v", each flag; what has no "=" is left out. */
static json_t *
attributes_of(const struct toxcli *cli)
{
	json_t *all = json_object();

	for (size_t i = 0; i < cli->attributes.count; i++) {
		char *copy = xstrdup(cli->attributes.items[i]), *rest = copy;
		char *item;

		while ((item = strsep(&rest, ",")) != NULL) {
			char *equals = strchr(item, '=');

			if (equals == NULL)
				continue;
			*equals = '\0';
			json_object_set_new(all, item, value_of(equals + 1));
		}
		free(copy);
	}
	return all;
}

/* False: the flag is no share (said). */
static bool
has_good_toxicity(const struct toxcli *cli, double *toxicity)
{
	json_t *value;
	bool ok;

	*toxicity = 1;
	if (cli->toxicity == NULL || *cli->toxicity == '\0')
		return true;
	value = value_of(cli->toxicity);
	*toxicity = json_number_value(value);
	ok = json_is_number(value) && *toxicity >= 0 && *toxicity <= 1;
	json_decref(value);
	if (!ok)
		toxcli_fail("toxicity should be a float between 0 and 1.\n");
	return ok;
}

/* Toxiproxy's client looks for the proxy first, and so words its absence. */
static bool
has_proxy(struct toxcli *cli, const char *doing)
{
	json_t *proxy = toxcli_get(cli);

	if (proxy == NULL)
		toxcli_fail("Failed to %s toxic: failed to retrieve proxy "
			    "with name `%s`: %s\n", doing, cli->name,
		    cli->error.text);
	json_decref(proxy);
	return proxy != NULL;
}

int
toxcli_add(struct toxcli *cli)
{
	const char *const path[4] = {cli->name, "toxics"};
	const char *stream = cli->is_upstream ? "upstream" : "downstream";
	json_t *reply;
	double toxicity;

	if (!toxcli_has_name(cli, NO_NAME) ||
	    !toxcli_has_flag(cli, cli->type, "type"))
		return EXIT_FAILED;
	if (cli->is_upstream && cli->is_downstream)
		return toxcli_fail("Only one should be specified: upstream or "
				   "downstream.\n");
	if (!has_good_toxicity(cli, &toxicity) || !has_proxy(cli, "add"))
		return EXIT_FAILED;
	if (!toxcli_call(cli, "POST", path,
		json_pack("{s:s,s:s,s:s,s:f,s:o}", "name",
		    cli->toxic != NULL ? cli->toxic : "", "type", cli->type,
		    "stream", stream, "toxicity", toxicity, "attributes",
		    attributes_of(cli)), &reply))
		return toxcli_fail("Failed to add toxic: failed to add toxic "
				   "to proxy %s: AddToxic: %s\n",
		    cli->name, cli->error.text);
	printf("Added %s %s toxic '%s' on proxy '%s'\n",
	    cli_text(reply, "stream"), cli_text(reply, "type"),
	    cli_text(reply, "name"), cli->name);
	json_decref(reply);
	return EXIT_DONE;
}

int
toxcli_update(struct toxcli *cli)
{
	const char *toxic = cli->toxic != NULL ? cli->toxic : "";
	const char *const path[4] = {cli->name, "toxics", toxic};
	json_t *body, *reply;
	double toxicity;

	if (!toxcli_has_name(cli, NO_NAME) ||
	    !toxcli_has_flag(cli, toxic, "toxicName") ||
	    !has_good_toxicity(cli, &toxicity) || !has_proxy(cli, "update"))
		return EXIT_FAILED;
	body = json_pack("{s:o}", "attributes", attributes_of(cli));
	if (cli->toxicity != NULL)
		json_object_set_new(body, "toxicity", json_real(toxicity));
	if (!toxcli_call(cli, "PATCH", path, body, &reply))
		return toxcli_fail("Failed to update toxic: failed to update "
				   "toxic '%s' of proxy '%s': %s\n",
		    toxic, cli->name, cli->error.text);
	printf("Updated toxic '%s' on proxy '%s'\n", cli_text(reply, "name"),
	    cli->name);
	json_decref(reply);
	return EXIT_DONE;
}

int
toxcli_remove(struct toxcli *cli)
{
	const char *toxic = cli->toxic != NULL ? cli->toxic : "";
	const char *const path[4] = {cli->name, "toxics", toxic};
	json_t *reply;

	if (!toxcli_has_name(cli, NO_NAME) ||
	    !toxcli_has_flag(cli, toxic, "toxicName") ||
	    !has_proxy(cli, "remove"))
		return EXIT_FAILED;
	if (!toxcli_call(cli, "DELETE", path, NULL, &reply))
		return toxcli_fail("Failed to remove toxic: failed to remove "
				   "toxic '%s' from proxy '%s': %s\n",
		    toxic, cli->name, cli->error.text);
	printf("Removed toxic '%s' on proxy '%s'\n", toxic, cli->name);
	return EXIT_DONE;
}
