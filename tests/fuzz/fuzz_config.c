/* SPDX-License-Identifier: Apache-2.0 */
/* Any text through the loader. A good one is printed, and what was printed
 * loads back to a model that prints the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "config/load.h"
#include "config/print.h"
#include "tests/config/fake_kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str
print(const struct conf_model *m)
{
	struct str s = {0};

	conf_model_print(&s, m);
	return s;
}

static void
check_round_trip(struct conf_model *m)
{
	struct conf_model *copy = conf_model_copy(m), *back;
	struct str first = print(m), second = print(copy), third;
	struct conf_diag diag = {0};

	if (strcmp(first.text, second.text) != 0)
		abort();
	back = conf_load_text(first.text, "printed", &fake_kinds, &diag);
	if (back == NULL)
		abort();
	third = print(back);
	if (strcmp(first.text, third.text) != 0)
		abort();
	conf_model_unref(copy);
	conf_model_unref(back);
	conf_diag_fini(&diag);
	str_fini(&first);
	str_fini(&second);
	str_fini(&third);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0(data, size);
	struct conf_diag diag = {0};
	struct conf_model *m = conf_load_text(text, "fuzz", &fake_kinds, &diag);

	if ((m == NULL) != (diag.errors > 0))
		abort();
	if (m != NULL)
		check_round_trip(m);
	conf_model_unref(m);
	conf_diag_fini(&diag);
	free(text);
	return 0;
}
