/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything as a journal and judges what could be read: verdicts are
 * valid JSON, whatever the times and numbers in it. */
#include "experiment/journal_in.h"

#include <stdlib.h>
#include <string.h>

#include "experiment/judge.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
judge(struct record *record)
{
	struct verdicts verdicts = {0};
	struct str out = {0};

	/* Whoever relates the first two routes knows more. */
	if (record->routes_count > 1)
		record->routes[1].edge = 0;
	judge_record(record, &verdicts);
	for (size_t i = 0; i < verdicts.count; i++) {
		struct jsonw w;

		str_clear(&out);
		jsonw_init(&w, &out);
		verdict_put_json(&w, &verdicts.items[i]);
		must(jsonw_done(&w));
		verdict_facts_text(&out, &verdicts.items[i]);
	}
	verdicts_fini(&verdicts);
	str_fini(&out);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct record record = {0};
	struct error err = {0};
	FILE *file;

	if (len == 0)
		return 0;
	file = fmemopen((void *)data, len, "r");
	must(file != NULL);
	if (journal_in_read(file, &record, &err))
		judge(&record);
	else
		must(err.text[0] != '\0');
	record_fini(&record);
	fclose(file);
	return 0;
}
