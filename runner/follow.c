/* SPDX-License-Identifier: Apache-2.0 */
/* Following another's events. */
#include "runner/follow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/sse.h"

#define RETRY_MS 200

struct follower {
	struct follow *to;
	struct sse sse;
};

static bool
on_event(void *arg, const char *type, const char *data)
{
	struct follow *f = ((struct follower *)arg)->to;
	long lost = 1;

	if (f->lost)
		fputs("{\"type\":\"gap\",\"ts_us\":0,\"count\":1}\n", f->file);
	f->lost = false;
	if (strcmp(type, "gap") == 0) {
		/* {"lost": N}, or null: how many is not known. */
		if (sscanf(data, "{\"lost\":%ld", &lost) != 1)
			lost = 1;
		fprintf(f->file,
			"{\"type\":\"gap\",\"ts_us\":0,\"count\":%ld}\n", lost);
	} else {
		fprintf(f->file, "%s\n", data);
	}
	return true;
}

static bool
on_chunk(void *arg, struct view data)
{
	struct follower *f = arg;

	return sse_feed(&f->sse, data);
}

/* True: it is to end. */
static bool
pause_ms(const struct follow *f, int ms)
{
	struct pollfd p = {.fd = f->cancel_fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

static void *
follow(void *arg)
{
	struct follow *f = arg;
	struct follower follower = {
	    .to = f, .sse = {.on_event = on_event, .arg = &follower}};
	const struct http_client_sink sink = {on_chunk, &follower, 0};
	const struct http_client_request request = {"GET", "/v1/events", NULL,
						    NULL};

	do {
		struct http_client_reply reply;
		struct error err;

		sse_restart(&follower.sse);
		if (http_client_stream(&f->target, &request, &sink, &reply,
				       &err) ||
		    err.code != ECANCELED)
			f->lost = true;
		http_client_reply_fini(&reply);
	} while (!pause_ms(f, RETRY_MS));
	sse_fini(&follower.sse);
	return NULL;
}

bool
follow_start(struct follow *f, const struct http_client_target *target,
	     const char *path, struct error *err)
{
	*f = (struct follow){.target = *target, .file = fopen(path, "we")};
	if (f->file == NULL)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	fputs("{\"type\":\"journal\",\"ts_us\":0,\"format\":1}\n", f->file);
	f->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->target.cancel_fd = f->cancel_fd;
	if (f->cancel_fd < 0 ||
	    pthread_create(&f->thread, NULL, follow, f) != 0)
		return error_set(err, errno, "no thread: %s", strerror(errno));
	f->running = true;
	return true;
}

void
follow_stop(struct follow *f)
{
	const uint64_t one = 1;

	if (f->running &&
	    write(f->cancel_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(f->thread, NULL);
	if (f->file != NULL) {
		fclose(f->file);
		close(f->cancel_fd);
	}
	*f = (struct follow){0};
}
