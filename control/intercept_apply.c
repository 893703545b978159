/* SPDX-License-Identifier: Apache-2.0 */
/* The rules on this host: nft for the table, ip for what TPROXY takes beside
 * it. Routing comes first and the table last, in one transaction, so that
 * nothing is caught before it can be delivered. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control/child.h"
#include "control/intercept.h"
#include "proxy/dial_socket.h"

/* Our routing rule and table carry the mark's number. */
#define TABLE	  "18008"
#define MARK	  "0x4658"
#define RULES_MAX 16

#if DIAL_DIVERT != 0x4658u
#error "MARK and TABLE follow DIAL_DIVERT"
#endif

static bool
has_net_admin(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	return syscall(SYS_capget, &header, data) == 0 &&
	    (data[0].effective & 1u << CAP_NET_ADMIN) != 0;
}

static bool
may(struct error *err)
{
	if (has_net_admin())
		return true;
	return error_set(err, EPERM, "CAP_NET_ADMIN is missing: firewall rules "
	    "are for root, or a container with that capability (docker: "
	    "--cap-add NET_ADMIN)");
}

/* What a program's complaint most likely comes from. */
static const char *
hint(const char *complaint)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
	    {"cgroupv2 path fails", "; there is no such control group"},
	    {"Operation not permitted",
		"; CAP_NET_ADMIN is missing in this network namespace"},
	    {"Unable to initialize Netlink", "; the kernel has no nf_tables"},
	    {"not supported", "; the kernel lacks a part of nf_tables"},
	    {"No such file or directory",
		"; the kernel lacks a part of nf_tables (nat, tproxy, "
		"socket or fib)"},
	};

	for (size_t i = 0; i < COUNT_OF(hints); i++) {
		if (strstr(complaint, hints[i].part) != NULL)
			return hints[i].hint;
	}
	return "";
}

/* Runs nft or ip; its output is appended to out (NULL: it is dropped). */
static bool
tool(const char *const argv[], const char *input, struct str *out,
    struct error *err)
{
	struct str dropped = {0}, complaint = {0};
	int code = child_run(argv, input, out != NULL ? out : &dropped,
	    &complaint, err);

	if (code < 0 && err->code == ENOENT)
		error_set(err, ENOENT, "%s is not installed; it is in the "
		    "package %s", argv[0],
		    strcmp(argv[0], "nft") == 0 ? "nftables" : "iproute2");
	else if (code > 0)
		error_set(err, code, "%s failed: %.*s%s", argv[0],
		    (int)strcspn(complaint.len > 0 ? complaint.text : "",
			"\n"),
		    complaint.len > 0 ? complaint.text : "",
		    hint(complaint.len > 0 ? complaint.text : ""));
	str_fini(&dropped);
	str_fini(&complaint);
	return code == 0;
}

/* --- routing --- */

static const char *const versions[] = {"-4", "-6"};

/* A host without IPv6 has no rules of it. */
static bool
has_version(const char *version)
{
	return strcmp(version, "-4") == 0 ||
	    access("/proc/net/if_inet6", F_OK) == 0;
}

static void
unroute(void)
{
	struct error ignored;

	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const char *rule[] = {"ip", versions[i], "rule", "del",
		    "fwmark", MARK, "lookup", TABLE, NULL};
		const char *route[] = {"ip", versions[i], "route", "flush",
		    "table", TABLE, NULL};

		for (int n = 0; n < RULES_MAX; n++) {
			if (!tool(rule, NULL, NULL, &ignored))
				break;
		}
		tool(route, NULL, NULL, &ignored);
	}
}

static bool
route(struct error *err)
{
	unroute();
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const char *local[] = {"ip", versions[i], "route", "add",
		    "local", "default", "dev", "lo", "table", TABLE, NULL};
		const char *rule[] = {"ip", versions[i], "rule", "add",
		    "fwmark", MARK, "lookup", TABLE, NULL};

		if (!has_version(versions[i]))
			continue;
		if (!tool(local, NULL, NULL, err) ||
		    !tool(rule, NULL, NULL, err)) {
			unroute();
			return false;
		}
	}
	return true;
}

/* --- the table --- */

static bool
load(const char *script, struct error *err)
{
	const char *argv[] = {"nft", "-f", "-", NULL};

	return tool(argv, script, NULL, err);
}

bool
intercept_up(const char *script, bool divert, struct error *err)
{
	if (!may(err) || (divert && !route(err)))
		return false;
	if (load(script, err)) {
		if (!divert)
			unroute();
		return true;
	}
	if (divert)
		unroute();
	return false;
}

bool
intercept_down(struct error *err)
{
	bool ok = may(err) && load("table inet faultwire\n"
				   "delete table inet faultwire\n", err);

	if (ok)
		unroute();
	return ok;
}

bool
intercept_show(bool json, struct str *to, struct error *err)
{
	const char *text[] = {"nft", "list", "table", "inet", "faultwire",
	    NULL};
	const char *as_json[] = {"nft", "-j", "list", "table", "inet",
	    "faultwire", NULL};

	if (!may(err))
		return false;
	if (tool(json ? as_json : text, NULL, to, err))
		return true;
	return strstr(err->text, "No such file") != NULL;
}
