/* SPDX-License-Identifier: Apache-2.0 */
/* Redis: RESP2 and RESP3.
 *
 *	request	 *N CRLF, N times $LEN CRLF bytes CRLF; or a line of words
 *	answer	 one value, perhaps with values inside; pushes beside it
 *
 * Behind commands that turn the connection into a stream of the server's
 * (SUBSCRIBE, MONITOR, PSYNC, CLIENT REPLY) answers cannot be counted. */
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "proxy/data_walk.h"

#define LINE_MAX_BYTES (64 * 1024)  /* as the server has it */
#define ARGS_MAX       (1024 * 1024)
#define BULK_MAX       (1LL << 40)
#define VALUES_MAX     (1LL << 40)
#define LINE_KEPT      64

enum place {
	AT_START, /* of a command or value */
	IN_LINE,  /* up to its line feed; the beginning is in `line` */
	IN_BULK,  /* bytes behind $LEN, CRLF with them */
};

/* One direction. */
struct side {
	uint8_t place; /* enum place */
	char line[LINE_KEPT];
	size_t line_len;
	uint64_t left; /* of a bulk, its CRLF with it */
	int64_t more;  /* arguments, or values, still to come */
};

struct data_walk {
	struct side in[2]; /* requests, answers */
	int64_t arg;	   /* number of the argument, from 0 */
	char second[DATA_WORD]; /* argument 1, as far as it matters */
	size_t arg_len;
	bool is_line;  /* the request is a line of words */
	bool is_push;  /* the value is none that was asked for */
	bool fresh;    /* the answer has not begun */
	bool open;     /* MULTI was answered */
};

/* In alphabetical order; they answer more, or less, than once. */
static const char *const streams[] = {"MONITOR", "PSUBSCRIBE", "PSYNC",
    "SSUBSCRIBE", "SUBSCRIBE", "SYNC"};

static struct data_walk *
redis_new(void)
{
	struct data_walk *w = xcalloc(1, sizeof(*w));

	w->fresh = true;
	return w;
}

static void
redis_free(struct data_walk *w)
{
	free(w);
}

/* --- lines ---------------------------------------------------------------- */

/* Takes bytes up to a line feed. Returns how many; *whole: it was there. */
static size_t
take_line(struct side *in, const char *data, size_t len, bool *whole)
{
	const char *end = memchr(data, '\n', len);
	size_t n = end != NULL ? (size_t)(end - data) + 1 : len;
	size_t room = sizeof(in->line) - MIN(in->line_len, sizeof(in->line));

	memcpy(in->line + sizeof(in->line) - room, data, MIN(n, room));
	in->line_len += n;
	*whole = end != NULL;
	return n;
}

/* The number behind the first character; false: there is none. */
static bool
number(const struct side *in, int64_t *to)
{
	int64_t n = 0;
	bool minus = in->line[1] == '-';
	size_t at = minus ? 2 : 1, end = in->line_len;

	if (end > sizeof(in->line))
		return false;
	while (end > at && (in->line[end - 1] == '\n' ||
		   in->line[end - 1] == '\r'))
		end--;
	if (end == at || end - at > 15)
		return false;
	for (; at < end; at++) {
		if (in->line[at] < '0' || in->line[at] > '9')
			return false;
		n = n * 10 + in->line[at] - '0';
	}
	*to = minus ? -n : n;
	return true;
}

/* The length of a word that ends at a blank, from `at` of the line. */
static size_t
word_len(const struct side *in, size_t at)
{
	size_t most = MIN(in->line_len, sizeof(in->line)), n = 0;

	while (at + n < most && strchr(" \t\r\n", in->line[at + n]) == NULL)
		n++;
	return n;
}

static size_t
skip_bulk(struct side *in, size_t len)
{
	size_t n = (size_t)MIN(in->left, len);

	in->left -= n;
	if (in->left == 0)
		in->place = AT_START;
	return n;
}

/* --- requests ------------------------------------------------------------- */

static void
unknown(struct data_command *c)
{
	c->opaque = "malformed";
	c->request_done = true;
}

/* The request is whole. */
static void
request_over(struct data_walk *w, struct data_command *c, bool empty)
{
	c->request_done = true;
	c->asked += empty ? 0 : 1;
	for (size_t i = 0; i < COUNT_OF(streams) && c->opaque == NULL; i++) {
		if (data_command_has(c, streams[i]))
			c->opaque = "stream";
	}
	if (data_command_has(c, "CLIENT") && strcmp(w->second, "REPLY") == 0)
		c->opaque = "stream";
	w->second[0] = '\0';
	w->in[0].more = 0;
}

/* What matters of the words of a command: the first, and the second. */
static void
take_word(struct data_walk *w, struct data_command *c, const char *word,
    size_t len)
{
	if (w->arg == 0)
		data_command_word(c, word, len);
	else if (w->arg == 1)
		for (size_t i = 0; i <= len && i < sizeof(w->second); i++)
			w->second[i] = i < len ? (char)(word[i] & ~0x20)
					       : '\0';
}

static void
line_of_words(struct data_walk *w, struct data_command *c)
{
	struct side *in = &w->in[0];
	size_t at = 0, len;

	w->arg = 0;
	for (;;) {
		while (at < sizeof(in->line) && at < in->line_len &&
		    strchr(" \t\r\n", in->line[at]) != NULL)
			at++;
		len = word_len(in, at);
		if (len == 0 || w->arg > 1)
			break;
		take_word(w, c, in->line + at, MIN(len, DATA_WORD - 1u));
		w->arg++;
		at += len;
	}
	request_over(w, c, w->arg == 0);
}

/* A line ended where an array or an argument begins. */
static void
head_of_request(struct data_walk *w, struct data_command *c)
{
	struct side *in = &w->in[0];
	int64_t n;

	if (w->is_line) {
		line_of_words(w, c);
	} else if (!number(in, &n)) {
		unknown(c);
	} else if (in->line[0] == '*') {
		in->more = n;
		w->arg = 0;
		if (n > ARGS_MAX)
			unknown(c);
		else if (n <= 0)
			request_over(w, c, true);
	} else if (n < 0 || n > BULK_MAX) {
		unknown(c);
	} else {
		in->left = (uint64_t)n + 2;
		in->place = IN_BULK;
		w->arg_len = 0;
	}
}

/* Bytes of an argument; its beginning is gathered in `line`. */
static size_t
argument(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct side *in = &w->in[0];
	size_t text = (size_t)MIN(in->left > 2 ? in->left - 2 : 0, len);
	size_t room = DATA_WORD - 1 - MIN(w->arg_len, DATA_WORD - 1u), n;

	if (w->arg < 2) {
		memcpy(in->line + MIN(w->arg_len, DATA_WORD - 1u), data,
		    MIN(text, room));
		w->arg_len += text;
	}
	n = skip_bulk(in, len);
	if (w->arg < 2 && in->left <= 2 && w->arg_len > 0) {
		take_word(w, c, in->line, MIN(w->arg_len, DATA_WORD - 1u));
		w->arg_len = 0;
	}
	if (in->left == 0) {
		w->arg++;
		in->more--;
		if (in->more == 0)
			request_over(w, c, false);
	}
	return n;
}

/* At the first byte of a command or of an argument. */
static void
start(struct data_walk *w, struct data_command *c, char first)
{
	struct side *in = &w->in[0];

	w->is_line = in->more == 0 && first != '*';
	if (in->more > 0 && first != '$')
		unknown(c);
	in->line_len = 0;
	in->place = IN_LINE;
}

static size_t
request_step(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct side *in = &w->in[0];
	bool whole;
	size_t n;

	switch ((enum place)in->place) {
	case AT_START:
		start(w, c, data[0]);
		return 0;
	case IN_LINE:
		n = take_line(in, data, len, &whole);
		if (whole) {
			in->place = AT_START;
			head_of_request(w, c);
		} else if (in->line_len > LINE_MAX_BYTES) {
			unknown(c);
		}
		return n;
	case IN_BULK:
		return argument(w, c, data, len);
	}
	return len;
}

static size_t
redis_request(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	size_t at = 0;

	while (at < len && !c->request_done)
		at += request_step(w, c, data + at, len - at);
	if (c->opaque != NULL)
		at = len;
	data_command_text(c, data, at);
	return at;
}

/* --- answers -------------------------------------------------------------- */

/* What follows the first character of a value. */
enum shape { LINE, BULK, VALUES, PAIRS, ATTRIBUTE, NOTHING };

static enum shape
shape_of(char first)
{
	static const struct {
		const char *types;
		enum shape shape;
	} shapes[] = {{"+-:,#_(", LINE}, {"$=!", BULK}, {"*~>", VALUES},
	    {"%", PAIRS}, {"|", ATTRIBUTE}};

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		if (first != '\0' && strchr(shapes[i].types, first) != NULL)
			return shapes[i].shape;
	}
	return NOTHING;
}

/* The answer is whole: what does it change? */
static void
answer_over(struct data_walk *w, struct data_command *c)
{
	if (w->is_push)
		return;
	c->answered++;
	if (data_command_has(c, "MULTI") && !c->failed)
		w->open = true;
	else if (data_command_has(c, "EXEC") ||
	    data_command_has(c, "DISCARD") || data_command_has(c, "RESET"))
		w->open = false;
}

/* A value's line ended. */
static void
head_of_value(struct side *in, struct data_command *c)
{
	enum shape shape = shape_of(in->line[0]);
	int64_t n = 0;

	if (shape != LINE && (!number(in, &n) || n < -1 || n > VALUES_MAX)) {
		c->opaque = "malformed";
		return;
	}
	in->more -= shape == ATTRIBUTE ? 0 : 1;
	n = MAX(n, shape == BULK ? -1 : 0);
	if (shape == VALUES)
		in->more += n;
	else if (shape == PAIRS || shape == ATTRIBUTE)
		in->more += 2 * n;
	if (in->more > VALUES_MAX)
		c->opaque = "malformed";
	if (shape == BULK && n >= 0) {
		in->left = (uint64_t)n + 2;
		in->place = IN_BULK;
	}
}

static void
begin_value(struct data_walk *w, struct data_command *c, char first)
{
	struct side *in = &w->in[1];

	if (in->more == 0) {
		in->more = 1;
		w->is_push = first == '>' || c->push;
		w->fresh = !w->is_push;
		if (w->fresh && c->transaction == NULL)
			c->transaction = w->open ? "open" : "none";
	} else if (first != '|') {
		w->fresh = false;
	}
	in->line_len = 0;
	in->place = IN_LINE;
	if (shape_of(first) == NOTHING)
		c->opaque = "malformed";
}

static size_t
answer_step(struct data_walk *w, struct data_command *c, const char *data,
    size_t len)
{
	struct side *in = &w->in[1];
	bool whole;
	size_t n;

	switch ((enum place)in->place) {
	case AT_START:
		begin_value(w, c, data[0]);
		return 0;
	case IN_LINE:
		n = take_line(in, data, len, &whole);
		if (!whole)
			return n;
		in->place = AT_START;
		if (w->fresh && in->line[0] == '-')
			data_command_error(c, in->line + 1,
			    word_len(in, 1));
		else if (w->fresh && in->line[0] == '!')
			data_command_error(c, "ERR", 3);
		head_of_value(in, c);
		return n;
	case IN_BULK:
		return skip_bulk(in, len);
	}
	return len;
}

static size_t
redis_answer(struct data_walk *w, struct data_command *c, const char *data,
    size_t len, bool *over)
{
	struct side *in = &w->in[1];
	size_t at = 0;

	*over = false;
	while (at < len && c->opaque == NULL && !*over) {
		at += answer_step(w, c, data + at, len - at);
		*over = in->place == AT_START && in->more == 0 &&
		    c->opaque == NULL;
	}
	if (c->opaque != NULL)
		return len;
	if (*over)
		answer_over(w, c);
	/* A push beside an answer is part of it. */
	*over = *over && (!w->is_push || c->push);
	return at;
}

static const char *
redis_transaction(const struct data_walk *w)
{
	return w->open ? "open" : "none";
}

static const char *const methods[] = {"ACL", "APPEND", "ASKING", "AUTH",
    "BGSAVE", "BITCOUNT", "BITFIELD", "BITOP", "BLMOVE", "BLMPOP", "BLPOP",
    "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN", "CLIENT",
    "CLUSTER", "COMMAND", "CONFIG", "COPY", "DBSIZE", "DECR", "DECRBY", "DEL",
    "DISCARD", "DUMP", "ECHO", "EVAL", "EVALSHA", "EXEC", "EXISTS", "EXPIRE",
    "EXPIREAT", "FCALL", "FLUSHALL", "FLUSHDB", "FUNCTION", "GEOADD",
    "GEOSEARCH", "GET", "GETDEL", "GETEX", "GETRANGE", "GETSET", "HDEL",
    "HELLO", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HKEYS", "HLEN",
    "HMGET", "HMSET", "HSCAN", "HSET", "HSETNX", "HVALS", "INCR", "INCRBY",
    "INCRBYFLOAT", "INFO", "KEYS", "LINDEX", "LINSERT", "LLEN", "LMOVE",
    "LPOP", "LPOS", "LPUSH", "LPUSHX", "LRANGE", "LREM", "LSET", "LTRIM",
    "MEMORY", "MGET", "MONITOR", "MSET", "MSETNX", "MULTI", "OBJECT",
    "PERSIST", "PEXPIRE", "PFADD", "PFCOUNT", "PING", "PSETEX", "PSUBSCRIBE",
    "PSYNC", "PTTL", "PUBLISH", "QUIT", "RENAME", "RESET", "RESTORE",
    "RPOP", "RPOPLPUSH", "RPUSH", "RPUSHX", "SADD", "SCAN", "SCARD",
    "SCRIPT", "SDIFF", "SELECT", "SET", "SETBIT", "SETEX", "SETNX",
    "SETRANGE", "SHUTDOWN", "SINTER", "SISMEMBER", "SMEMBERS", "SMOVE",
    "SORT", "SPOP", "SPUBLISH", "SRANDMEMBER", "SREM", "SSCAN", "SSUBSCRIBE",
    "STRLEN", "SUBSCRIBE", "SUNION", "SYNC", "TIME", "TOUCH", "TTL", "TYPE",
    "UNLINK", "UNWATCH", "WAIT", "WAITAOF", "WATCH", "XACK", "XADD",
    "XAUTOCLAIM", "XCLAIM", "XDEL", "XGROUP", "XINFO", "XLEN", "XPENDING",
    "XRANGE", "XREAD", "XREADGROUP", "XREVRANGE", "XTRIM", "ZADD", "ZCARD",
    "ZCOUNT", "ZINCRBY", "ZPOPMAX", "ZPOPMIN", "ZRANGE", "ZRANGEBYSCORE",
    "ZRANK", "ZREM", "ZREVRANGE", "ZSCAN", "ZSCORE"};

static const char *const reads[] = {"ACL", "ASKING", "AUTH", "BITCOUNT",
    "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DISCARD", "DUMP",
    "ECHO", "EXISTS", "GEOSEARCH", "GET", "GETRANGE", "HELLO", "HEXISTS",
    "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HSCAN", "HVALS", "INFO",
    "KEYS", "LINDEX", "LLEN", "LPOS", "LRANGE", "MEMORY", "MGET", "MONITOR",
    "MULTI", "OBJECT", "PFCOUNT", "PING", "PSUBSCRIBE", "PSYNC", "PTTL",
    "PUBLISH", "QUIT", "RESET", "SCAN", "SCARD", "SDIFF", "SELECT",
    "SHUTDOWN", "SINTER", "SISMEMBER", "SMEMBERS", "SPUBLISH", "SRANDMEMBER",
    "SSCAN", "SSUBSCRIBE", "STRLEN", "SUBSCRIBE", "SUNION", "SYNC", "TIME",
    "TOUCH", "TTL", "TYPE", "UNWATCH", "WAIT", "WAITAOF", "WATCH", "XINFO",
    "XLEN", "XPENDING", "XRANGE", "XREAD", "XREVRANGE", "ZCARD", "ZCOUNT",
    "ZRANGE", "ZRANGEBYSCORE", "ZRANK", "ZREVRANGE", "ZSCAN", "ZSCORE"};

const struct data_ops data_redis = {
    .new = redis_new,
    .free = redis_free,
    .request = redis_request,
    .answer = redis_answer,
    .transaction = redis_transaction,
    .commit = "EXEC",
    .methods = methods,
    .methods_count = COUNT_OF(methods),
    .reads = reads,
    .reads_count = COUNT_OF(reads),
};
