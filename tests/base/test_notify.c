/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the service manager, over real sockets. */
#include "base/notify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness/check_run.h"

/* A manager's socket; its name is in the environment. */
static int
manager(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, name, len);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at,
			     (socklen_t)(offsetof(struct sockaddr_un,
					     sun_path) + len)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static int
abstract_manager(void)
{
	char name[64];

	snprintf(name, sizeof(name), "@faultwire-test-notify-%d", getpid());
	return manager(name);
}

static void
assert_told(int fd, const char *wanted)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	ck_assert_msg(n >= 0, "nothing instead of %s", wanted);
	got[n] = '\0';
	ck_assert_str_eq(got, wanted);
}

static void
assert_silent(int fd)
{
	char got[256];

	ck_assert_int_lt(recv(fd, got, sizeof(got), 0), 0);
}

START_TEST(every_message_is_one_datagram)
{
	int fd = abstract_manager();
	struct notify n;

	ck_assert(notify_init(&n, NULL));
	notify_state(&n, NOTIFY_READY, "serves %d routes", 3);
	assert_told(fd, "READY=1\nSTATUS=serves 3 routes");
	notify_reloading(&n, 1234567);
	assert_told(fd, "RELOADING=1\nMONOTONIC_USEC=1234567");
	notify_alive(&n);
	assert_told(fd, "WATCHDOG=1");
	notify_state(&n, NOTIFY_STOPPING, "drains %d sessions", 2);
	assert_told(fd, "STOPPING=1\nSTATUS=drains 2 sessions");
	assert_silent(fd);
	notify_fini(&n);
	notify_alive(&n);
	assert_silent(fd);
	close(fd);
}
END_TEST

START_TEST(a_socket_with_a_file_is_found)
{
	char dir[] = "/tmp/faultwire-test-XXXXXX", name[64];
	struct notify n;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/notify", dir);
	fd = manager(name);
	ck_assert(notify_init(&n, NULL));
	notify_alive(&n);
	assert_told(fd, "WATCHDOG=1");
	notify_fini(&n);
	close(fd);
	unlink(name);
	rmdir(dir);
}
END_TEST

START_TEST(without_a_manager_nothing_happens)
{
	struct notify n;

	unsetenv("NOTIFY_SOCKET");
	ck_assert(notify_init(&n, NULL));
	ck_assert_int_eq(n.socket, 0);
	notify_state(&n, NOTIFY_READY, "ready");
	notify_fini(&n);
}
END_TEST

START_TEST(children_cannot_speak_for_us)
{
	int fd = abstract_manager();
	struct notify n;

	setenv("WATCHDOG_USEC", "1", 1);
	ck_assert(notify_init(&n, NULL));
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	notify_fini(&n);
	close(fd);
}
END_TEST

static const struct {
	const char *usec, *pid;
	int64_t watchdog_us;
} watchdogs[] = {
    {"30000000", NULL, 30000000},
    {"30000000", "own", 30000000},
    {"30000000", "1", 0}, /* meant for another process */
    {NULL, NULL, 0},
    {"", NULL, 0},
    {"-5", NULL, 0},
    {"5s", NULL, 0},
    {"99999999999999999999", NULL, 0},
};

START_TEST(the_watchdog_is_asked_for_by_two_variables)
{
	for (size_t i = 0; i < COUNT_OF(watchdogs); i++) {
		int fd = abstract_manager();
		struct notify n;
		char own[16];

		snprintf(own, sizeof(own), "%d", getpid());
		if (watchdogs[i].usec != NULL)
			setenv("WATCHDOG_USEC", watchdogs[i].usec, 1);
		if (watchdogs[i].pid != NULL)
			setenv("WATCHDOG_PID",
			    watchdogs[i].pid[0] == 'o' ? own
						       : watchdogs[i].pid,
			    1);
		ck_assert(notify_init(&n, NULL));
		ck_assert_int_eq(n.watchdog_us, watchdogs[i].watchdog_us);
		notify_fini(&n);
		close(fd);
	}
}
END_TEST

static const struct {
	const char *name, *said;
} wrong[] = {
    {"relative", "expected /path or @name"},
    {"", "expected /path or @name"},
    {"@", "expected /path or @name"},
    {"/nonexistent/notify", "No such file"},
    {"/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	"expected /path"},
};

START_TEST(a_socket_that_is_none_is_told_and_left_alone)
{
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct error err = {0};
		struct notify n;

		setenv("NOTIFY_SOCKET", wrong[i].name, 1);
		ck_assert(!notify_init(&n, &err));
		ck_assert_msg(strstr(err.text, wrong[i].said) != NULL, "%s",
		    err.text);
		notify_state(&n, NOTIFY_READY, "ready");
		notify_fini(&n);
	}
}
END_TEST

START_TEST(a_manager_that_does_not_read_holds_nothing_up)
{
	int fd = abstract_manager();
	struct notify n;

	ck_assert(notify_init(&n, NULL));
	for (int i = 0; i < 100000; i++)
		notify_alive(&n);
	close(fd);
	notify_alive(&n);
	notify_fini(&n);
}
END_TEST

int
main(void)
{
	return check_run("notify",
	    (const TTest *const[]){every_message_is_one_datagram,
		a_socket_with_a_file_is_found,
		without_a_manager_nothing_happens,
		children_cannot_speak_for_us,
		the_watchdog_is_asked_for_by_two_variables,
		a_socket_that_is_none_is_told_and_left_alone,
		a_manager_that_does_not_read_holds_nothing_up, NULL});
}
