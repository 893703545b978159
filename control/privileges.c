/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming an ordinary user. The C library changes the ids of all threads at
 * once; the kernel takes a thread's capabilities with its last id of root. */
#include "control/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"

/* --- who --- */

static bool
number(const char *text, unsigned *to)
{
	char *end;
	unsigned long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	*to = (unsigned)n;
	/* The last one means "leave it" to the system. */
	return errno == 0 && *end == '\0' && n < 0xffffffffULL;
}

static bool
read_user(const char *name, struct privileges *to, bool need_group,
    struct error *err)
{
	const struct passwd *pw = getpwnam(name);
	unsigned id;

	if (pw == NULL && number(name, &id)) {
		pw = getpwuid(id);
		to->uid = id;
		if (pw == NULL && need_group)
			return error_set(err, 0,
			    "no user has the number %s, so it has no group; "
			    "expected USER:GROUP", name);
	} else if (pw == NULL) {
		return error_set(err, 0, "there is no user \"%s\"", name);
	}
	if (pw != NULL) {
		to->uid = pw->pw_uid;
		to->gid = pw->pw_gid;
	}
	return true;
}

static bool
read_group(const char *name, struct privileges *to, struct error *err)
{
	const struct group *gr = getgrnam(name);
	unsigned id;

	if (gr != NULL)
		to->gid = gr->gr_gid;
	else if (number(name, &id))
		to->gid = id;
	else
		return error_set(err, 0, "there is no group \"%s\"", name);
	return true;
}

bool
privileges_parse(const char *text, struct privileges *to, struct error *err)
{
	char *user = xstrdup(text);
	char *group = strchr(user, ':');
	bool ok;

	*to = (struct privileges){0};
	if (group != NULL)
		*group++ = '\0';
	ok = read_user(user, to, group == NULL, err) &&
	    (group == NULL || read_group(group, to, err));
	free(user);
	if (ok && to->uid == 0)
		return error_set(err, 0, "\"%s\" is root; expected a user "
					 "that is not", text);
	return ok;
}

/* --- what he gets --- */

static bool
give_socket(const struct privileges *to, const struct conf_address *at,
    struct error *err)
{
	if (!at->is_unix || lchown(at->path, to->uid, to->gid) == 0 ||
	    errno == ENOENT)
		return true;
	return error_set(err, errno, "cannot give %s away: %s", at->text,
	    strerror(errno));
}

bool
privileges_give_sockets(const struct privileges *to,
    const struct conf_model *model, struct error *err)
{
	struct conf_address control = {0};
	bool ok = true;

	if (geteuid() == to->uid)
		return true;
	for (size_t i = 0; i < model->routes_count && ok; i++)
		ok = give_socket(to, &model->routes[i].listen, err);
	if (ok && model->control.listen != NULL &&
	    conf_address_parse(model->control.listen, true, &control, NULL))
		ok = give_socket(to, &control, err);
	conf_address_fini(&control);
	return ok;
}

/* --- the step --- */

static bool
is_user(const struct privileges *to)
{
	uid_t uid[3];
	gid_t gid[3];

	return getresuid(&uid[0], &uid[1], &uid[2]) == 0 &&
	    getresgid(&gid[0], &gid[1], &gid[2]) == 0 &&
	    uid[0] == to->uid && uid[1] == to->uid && uid[2] == to->uid &&
	    gid[0] == to->gid && gid[1] == to->gid && gid[2] == to->gid;
}

/* A parent may have told the kernel to keep them over the change of ids. */
static bool
has_capabilities(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	return syscall(SYS_capget, &header, data) != 0 ||
	    (data[0].effective | data[0].permitted | data[1].effective |
		data[1].permitted) != 0;
}

bool
privileges_drop(const struct privileges *to, struct error *err)
{
	if (geteuid() != 0) {
		if (is_user(to))
			return true;
		return error_set(err, EPERM,
		    "only root can become another user");
	}
	if (setgroups(0, NULL) != 0 ||
	    setresgid(to->gid, to->gid, to->gid) != 0 ||
	    setresuid(to->uid, to->uid, to->uid) != 0)
		return error_set(err, errno, "cannot become user %u: %s",
		    to->uid, strerror(errno));
	if (!is_user(to) || getgroups(0, NULL) != 0 || setuid(0) == 0 ||
	    (to->gid != 0 && setgid(0) == 0) || has_capabilities())
		return error_set(err, 0, "the rights of root came back "
					 "after becoming user %u", to->uid);
	return true;
}
