/* SPDX-License-Identifier: Apache-2.0 */
/* Files that change in all the ways that files change. */
#include "proxy/watch.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/check_run.h"

static char dir[64], file[96], spare[96];
static struct event_base *base;
static struct watch *watch;
static int calls;

static void
write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
on_change(void *arg)
{
	(void)arg;
	calls++;
	event_base_loopbreak(base);
}

/* Runs the loop until the change was told, or that long. */
static int
wait_change(int ms)
{
	struct timeval most = {.tv_sec = ms / 1000,
	    .tv_usec = ms % 1000 * 1000};

	calls = 0;
	event_base_loopexit(base, &most);
	event_base_dispatch(base);
	return calls;
}

static void
begin(void)
{
	char *names[] = {file};
	const struct conf_strings files = {names, 1};

	strcpy(dir, "/tmp/faultwire-watch-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/conf", dir);
	snprintf(spare, sizeof(spare), "%s/conf.new", dir);
	write_to(file, "one");
	base = event_base_new();
	watch = watch_new(base, on_change, NULL);
	watch_files(watch, &files, 1, watch_hash(file));
}

/* Its own report comes after the loop was left by the time limit. */
static void
finish(void)
{
	watch_free(watch);
	event_base_free(base);
	unlink(file);
	unlink(spare);
	rmdir(dir);
}

static void
known_now(void)
{
	char *names[] = {file};
	const struct conf_strings files = {names, 1};

	watch_files(watch, &files, 1, watch_hash(file));
}

START_TEST(a_file_written_in_place_and_renamed_over_is_seen)
{
	begin();
	write_to(file, "two");
	ck_assert_int_eq(wait_change(5000), 1);
	known_now();
	write_to(spare, "three");
	rename(spare, file);
	ck_assert_int_eq(wait_change(5000), 1);
	finish();
}
END_TEST

START_TEST(the_same_contents_are_no_change)
{
	begin();
	write_to(file, "one");
	write_to(spare, "other");
	ck_assert_int_eq(wait_change(600), 0);
	finish();
}
END_TEST

START_TEST(a_file_that_goes_for_a_moment_is_not_gone)
{
	begin();
	unlink(file);
	ck_assert_int_eq(wait_change(400), 0);
	write_to(file, "two");
	ck_assert_int_eq(wait_change(5000), 1);
	finish();
}
END_TEST

START_TEST(a_folder_in_the_place_of_the_file_is_told_once)
{
	begin();
	unlink(file);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert_int_eq(wait_change(5000), 1);
	ck_assert_int_eq(wait_change(700), 0);
	rmdir(file);
	write_to(file, "one");
	ck_assert_int_eq(wait_change(5000), 1);
	finish();
}
END_TEST

START_TEST(a_change_between_reading_and_watching_is_told_soon)
{
	char *names[] = {file};
	const struct conf_strings files = {names, 1};
	uint64_t loaded;

	begin();
	loaded = watch_hash(file);
	write_to(file, "two");
	watch_files(watch, &files, 1, loaded);
	ck_assert_int_eq(wait_change(5000), 1);
	finish();
}
END_TEST

START_TEST(a_hash_tells_contents_apart_and_nothing_from_something)
{
	uint64_t one;

	begin();
	one = watch_hash(file);
	ck_assert_uint_ne(one, 0);
	write_to(file, "two");
	ck_assert_uint_ne(watch_hash(file), one);
	write_to(file, "one");
	ck_assert_uint_eq(watch_hash(file), one);
	ck_assert_uint_eq(watch_hash("/nonexistent/file"), 0);
	finish();
}
END_TEST

int
main(void)
{
	return check_run("watch",
	    (const TTest *const[]){
		a_file_written_in_place_and_renamed_over_is_seen,
		the_same_contents_are_no_change,
		a_file_that_goes_for_a_moment_is_not_gone,
		a_folder_in_the_place_of_the_file_is_told_once,
		a_change_between_reading_and_watching_is_told_soon,
		a_hash_tells_contents_apart_and_nothing_from_something, NULL});
}
