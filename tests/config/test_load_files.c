/* SPDX-License-Identifier: Apache-2.0 */
/* Files and what they include. */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "config/load.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

static char dir[] = "/tmp/fw-test-XXXXXX";
static char *main_path;

static void
write_bytes(const char *name, const void *data, size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static void
write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

/* What is said about main.conf, the directory cut from all names; owned. */
static char *
complaints(void)
{
	struct conf_diag diag = {0};
	struct conf_model *m = conf_load_file(main_path, &fake_kinds, &diag);
	char *said, *at;

	ck_assert((m == NULL) == (diag.errors > 0));
	conf_model_unref(m);
	said = fake_messages(&diag);
	while ((at = strstr(said, dir)) != NULL)
		memmove(at, at + strlen(dir) + 1,
			strlen(at + strlen(dir) + 1) + 1);
	return said;
}

static void
expect(const char *wanted)
{
	char *said = complaints();

	ck_assert_msg(strstr(said, wanted) != NULL, "%s", said);
	free(said);
}

START_TEST(includes_are_relative_to_the_main_file)
{
	struct conf_diag diag = {0};
	struct conf_model *m;
	char *path = xasprintf("%s/sub", dir);

	mkdir(path, 0700);
	write_file("main.conf", "seed = 7;\n@include \"sub/routes.conf\"\n");
	write_file("sub/routes.conf",
		   "routes = (\n@include \"sub/one.conf\"\n);\n");
	write_file("sub/one.conf", "{ name = \"r\"; listen = \":1\";\n"
				   "upstream = \"u:1\"; }\n");
	m = conf_load_file(main_path, &fake_kinds, &diag);
	ck_assert_uint_eq(diag.count, 0);
	ck_assert_uint_eq(m->routes_count, 1);
	ck_assert_uint_eq(m->routes[0].where.line, 1);
	ck_assert_ptr_nonnull(strstr(m->routes[0].where.file, "/sub/one.conf"));
	ck_assert_uint_eq(m->files_count, 3);
	ck_assert_str_eq(m->files[0], main_path);
	ck_assert_ptr_nonnull(strstr(m->files[2], "/sub/one.conf"));
	conf_model_unref(m);
	free(path);
}
END_TEST

START_TEST(errors_in_an_included_file_name_it)
{
	write_file("main.conf", "@include \"bad.conf\"\nworkers = -1;\n");
	write_file("bad.conf", "\nsede = 1;\n");
	expect("bad.conf:2: unknown key \"sede\"");
	expect("main.conf:2: workers: -1 is out of bounds");
	write_file("bad.conf", "\nseed = 5000000000;\n");
	expect("bad.conf:2: the integer 5000000000 is too large");
	write_file("bad.conf", "\nseed = ;\n");
	expect("bad.conf:2: syntax error");
	write_file("bad.conf", "/* \n");
	expect("bad.conf:1: the comment never ends");
}
END_TEST

START_TEST(files_that_cannot_be_read_are_told)
{
	write_file("main.conf", "seed = 1;\n@include \"none.conf\"\n"
				"@include \"sub\"\n");
	expect("main.conf:2: \"none.conf\" cannot be read: No such file or "
	       "directory; expected a readable file");
	write_file("main.conf", "@include \"/etc/passwd\"\n");
	expect("main.conf:1: @include \"/etc/passwd\" is an absolute path; "
	       "expected one relative to the directory of the main file");
	unlink(main_path);
	expect("main.conf: cannot be read: No such file or directory");
	mkdir(main_path, 0700);
	expect("main.conf: cannot be read: Is a directory");
	rmdir(main_path);
}
END_TEST

START_TEST(circles_of_includes_end)
{
	write_file("main.conf", "@include \"main.conf\"\n");
	expect("main.conf:1: @include \"main.conf\" is one too many; "
	       "expected 10 levels and 256 in all, and no circle");
	write_file("main.conf", "@include \"two.conf\"\n@include \"two.conf\""
				"\n");
	write_file("two.conf", "@include \"main.conf\"\n");
	expect("is one too many");
}
END_TEST

START_TEST(all_files_together_have_a_bound)
{
	size_t len = (size_t)5 << 20;
	char *lines = xmalloc(len);

	memset(lines, '\n', len);
	write_bytes("large.conf", lines, len);
	write_file("main.conf", "@include \"large.conf\"\n");
	expect("");
	write_file("main.conf", "@include \"large.conf\"\n"
				"@include \"large.conf\"\n");
	expect("main.conf:2: \"large.conf\" the configuration is too large; "
	       "expected at most");
	free(lines);
}
END_TEST

START_TEST(nul_bytes_do_not_hide_the_rest)
{
	write_bytes("main.conf", "seed = 1;\n\0sede = 1;\n", 21);
	expect("main.conf:2: the file holds a NUL byte; expected text");
}
END_TEST

static int
forget(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

int
main(void)
{
	int rc;

	if (mkdtemp(dir) == NULL)
		return EXIT_FAILURE;
	main_path = xasprintf("%s/main.conf", dir);
	rc = check_run("load_files", (const TTest *const[]){
					 includes_are_relative_to_the_main_file,
					 errors_in_an_included_file_name_it,
					 files_that_cannot_be_read_are_told,
					 circles_of_includes_end,
					 all_files_together_have_a_bound,
					 nul_bytes_do_not_hide_the_rest, NULL});
	nftw(dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	free(main_path);
	return rc;
}
