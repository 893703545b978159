/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: the verbs about proxies. */
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/toxcli.h"

#define NO_NAME "Proxy name is required as the first argument.\n"

static const char *
enabled_text(bool enabled)
{
	return enabled ? "enabled" : "disabled";
}

/* The proxy that the command line names. Returns owned, or NULL: said. */
static json_t *
fetch(struct toxcli *cli)
{
	json_t *proxy;

	if (!toxcli_has_name(cli, NO_NAME))
		return NULL;
	proxy = toxcli_get(cli);
	if (proxy == NULL)
		toxcli_fail("Failed to retrieve proxy %s: %s\n", cli->name,
		    cli->error.text);
	return proxy;
}

/* --- list --- */

/* A column that is `tabs` tabs wide on a terminal. */
static void
print_column(const struct toxcli *cli, enum toxcli_colour colour,
    const char *text, int tabs)
{
	printf("%s%s%s\t", toxcli_colour(cli, colour), text,
	    toxcli_colour(cli, NONE));
	tabs -= (int)strlen(text) / 8 + 1;
	for (; cli->is_terminal && tabs > 0; tabs--)
		putchar('\t');
}

static void
print_proxy(const struct toxcli *cli, const json_t *proxy)
{
	size_t toxics = json_array_size(json_object_get(proxy, "toxics"));
	bool enabled = cli_bool(proxy, "enabled");

	print_column(cli, enabled ? GREEN : RED, cli_text(proxy, "name"), 3);
	print_column(cli, BLUE, cli_text(proxy, "listen"), 2);
	print_column(cli, YELLOW, cli_text(proxy, "upstream"), 3);
	print_column(cli, PURPLE, enabled_text(enabled), 2);
	printf("%s", toxcli_colour(cli, RED));
	if (toxics == 0 && cli->is_terminal)
		printf("None");
	else
		printf("%zu", toxics);
	printf("%s\n", toxcli_colour(cli, NONE));
}

static void
print_header(const struct toxcli *cli)
{
	printf("%sName\t\t\t%sListen\t\t%sUpstream\t\t%sEnabled\t\t%sToxics\n"
	       "%s%s",
	    toxcli_colour(cli, GREEN), toxcli_colour(cli, BLUE),
	    toxcli_colour(cli, YELLOW), toxcli_colour(cli, PURPLE),
	    toxcli_colour(cli, RED), toxcli_colour(cli, NONE),
	    toxcli_colour(cli, NONE));
	for (int i = 0; i < 86; i++)
		putchar('=');
	putchar('\n');
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(cli_text(*(json_t *const *)a, "name"),
	    cli_text(*(json_t *const *)b, "name"));
}

static void
print_sorted(const struct toxcli *cli, json_t *proxies)
{
	size_t count = json_object_size(proxies), n = 0;
	json_t **sorted = xcalloc(count + 1, sizeof(json_t *)), *proxy;
	const char *name;

	json_object_foreach(proxies, name, proxy)
		sorted[n++] = proxy;
	qsort(sorted, n, sizeof(json_t *), by_name);
	for (size_t i = 0; i < n; i++)
		print_proxy(cli, sorted[i]);
	free(sorted);
}

int
toxcli_list(struct toxcli *cli)
{
	const char *const path[4] = {NULL};
	json_t *proxies;

	if (!toxcli_call(cli, "GET", path, NULL, &proxies))
		return toxcli_fail("Failed to retrieve proxies: %s",
		    cli->error.text);
	if (cli->is_terminal)
		print_header(cli);
	if (cli->is_terminal && json_object_size(proxies) == 0) {
		printf("%sno proxies\n%s", toxcli_colour(cli, RED),
		    toxcli_colour(cli, NONE));
		toxcli_hint(cli, "create a proxy with `toxiproxy-cli create`");
	} else {
		print_sorted(cli, proxies);
		toxcli_hint(cli, "inspect toxics with `toxiproxy-cli inspect "
				 "<proxyName>`");
	}
	json_decref(proxies);
	return EXIT_DONE;
}

/* --- inspect --- */

static void
print_side(const struct toxcli *cli, const json_t *toxics, const char *title,
    const char *stream)
{
	printf("%s%s toxics:\n%s", toxcli_colour(cli, GREEN), title,
	    toxcli_colour(cli, NONE));
	if (toxcli_print_toxics(cli, toxics, stream) == 0)
		printf("%sProxy has no %s toxics enabled.\n%s",
		    toxcli_colour(cli, RED), title, toxcli_colour(cli, NONE));
}

static void
print_details(const struct toxcli *cli, const json_t *proxy)
{
	const char *none = toxcli_colour(cli, NONE);
	const json_t *toxics = json_object_get(proxy, "toxics");

	printf("%sName: %s%s\t", toxcli_colour(cli, PURPLE), none,
	    cli_text(proxy, "name"));
	printf("%sListen: %s%s\t", toxcli_colour(cli, BLUE), none,
	    cli_text(proxy, "listen"));
	printf("%sUpstream: %s%s\n%s", toxcli_colour(cli, YELLOW), none,
	    cli_text(proxy, "upstream"), none);
	for (int i = 0; i < 70; i++)
		putchar('=');
	putchar('\n');
	if (json_array_size(toxics) == 0) {
		printf("%sProxy has no toxics enabled.\n%s",
		    toxcli_colour(cli, RED), none);
	} else {
		print_side(cli, toxics, "Upstream", "upstream");
		putchar('\n');
		print_side(cli, toxics, "Downstream", "downstream");
	}
	toxcli_hint(cli, "add a toxic with `toxiproxy-cli toxic add`");
}

int
toxcli_inspect(struct toxcli *cli)
{
	json_t *proxy;

	proxy = fetch(cli);
	if (proxy == NULL)
		return EXIT_FAILED;
	if (cli->is_terminal)
		print_details(cli, proxy);
	else
		toxcli_print_toxics(cli, json_object_get(proxy, "toxics"),
		    NULL);
	json_decref(proxy);
	return EXIT_DONE;
}

/* --- changes --- */

int
toxcli_create(struct toxcli *cli)
{
	const char *const path[4] = {NULL};
	json_t *reply;

	if (!toxcli_has_name(cli, NO_NAME) ||
	    !toxcli_has_flag(cli, cli->listen, "listen") ||
	    !toxcli_has_flag(cli, cli->upstream, "upstream"))
		return EXIT_FAILED;
	if (!toxcli_call(cli, "POST", path,
		json_pack("{s:s,s:s,s:s,s:b}", "name", cli->name, "listen",
		    cli->listen, "upstream", cli->upstream, "enabled", 1),
		&reply))
		return toxcli_fail("Failed to create proxy: create: %s\n",
		    cli->error.text);
	json_decref(reply);
	printf("Created new proxy %s\n", cli->name);
	return EXIT_DONE;
}

int
toxcli_toggle(struct toxcli *cli)
{
	const char *const path[4] = {cli->name};
	enum toxcli_colour colour;
	json_t *proxy, *reply;
	bool enabled;

	proxy = fetch(cli);
	if (proxy == NULL)
		return EXIT_FAILED;
	enabled = !cli_bool(proxy, "enabled");
	json_decref(proxy);
	if (!toxcli_call(cli, "POST", path,
		json_pack("{s:b}", "enabled", enabled), &reply))
		return toxcli_fail("Failed to toggle proxy %s: %s\n",
		    cli->name, cli->error.text);
	json_decref(reply);
	colour = enabled ? GREEN : RED;
	printf("Proxy %s%s%s is now %s%s%s\n", toxcli_colour(cli, colour),
	    cli->name, toxcli_colour(cli, NONE), toxcli_colour(cli, colour),
	    enabled_text(enabled), toxcli_colour(cli, NONE));
	return EXIT_DONE;
}

int
toxcli_delete(struct toxcli *cli)
{
	const char *const path[4] = {cli->name};
	json_t *proxy;

	proxy = fetch(cli);
	if (proxy == NULL)
		return EXIT_FAILED;
	json_decref(proxy);
	if (!toxcli_call(cli, "DELETE", path, NULL, &proxy))
		return toxcli_fail("Failed to delete proxy: Delete: %s\n",
		    cli->error.text);
	printf("Deleted proxy %s\n", cli->name);
	return EXIT_DONE;
}
