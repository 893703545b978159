/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds anything to the readers of what others send to telemetry:
 * Alertmanager's messages, Grafana's lists and URLs of a configuration. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "config/url.h"
#include "telemetry/alerts.h"
#include "telemetry/annotation_json.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
on_found(void *arg, const struct annotation_found *found)
{
	must(found->id > 0);
	annotation_has_tag(found, "faultwire");
}

static void
try_alerts(struct view text)
{
	struct alerts alerts;
	struct error err;

	if (alerts_read(text, &alerts, &err)) {
		for (size_t i = 0; i < alerts.count; i++)
			must(alerts.items[i].name[0] != '\0');
	}
	alerts_fini(&alerts);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	char *text = xmemdup0(data, len);
	struct conf_url url;
	struct error err;
	int64_t us;

	try_alerts((struct view){text, len});
	annotation_each((struct view){text, len}, on_found, NULL);
	must(annotation_read_id((struct view){text, len}) >= 0);
	if (conf_url_parse(text, &url, &err))
		must(url.address.host != NULL);
	conf_url_fini(&url);
	alerts_time(text, &us);
	free(text);
	return 0;
}
