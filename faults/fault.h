/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of a fault kind: what it declares, when it is called, and the
 * verbs through which alone it acts. A kind sees no socket, no clock, no
 * other stage.
 *
 *   source ─► [in│stage] ─► [in│stage] ─► out ─► sink       one link
 *
 * Bytes that a stage has not passed on stay in its input queue, which the
 * engine owns. A slot that is NULL means "pass through". */
#ifndef FAULTS_FAULT_H
#define FAULTS_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/str.h"
#include "config/kind.h"
#include "config/model.h"

struct message;
struct stage;
struct tls_turn;
struct ws_scan;

enum link_dir { LINK_UP, LINK_DOWN }; /* client to server, server to client */
#define LINK_MASK_UP   0x1u
#define LINK_MASK_DOWN 0x2u

/* How a fault ends a flow. */
enum flow_end {
	END_FIN, /* what was passed is delivered, then both sides are closed */
	END_RST, /* both sides are reset at once; undelivered bytes are lost */
	END_RST_AFTER, /* what was passed is delivered first, then reset */
	END_SILENT, /* nobody is told: no FIN, no RST, nothing acknowledged */
};

/* What a fault without per-flow conditions does to the port itself. */
enum listener_effect {
	LISTENER_OPEN,
	LISTENER_REFUSE, /* SYNs are answered with RST */
	LISTENER_IGNORE, /* SYNs are not answered */
};

/* Numbers that all flows of one fault share, over all workers and reloads.
 * Kinds may use `words` as they like, with atomics. */
struct fault_shared {
	atomic_uint refs;
	int64_t armed_us;	/* when it came into force */
	uint64_t base_flow;	/* the route's next flow number at that time */
	uint64_t base_connection; /* likewise, of the next FLOW_CONNECTION */
	atomic_uint_fast64_t matched; /* flows that met `when`, for first/… */
	atomic_int active;	/* flows it acts on now, for max_active */
	atomic_llong words[2];
};

struct fault_ops {
	struct conf_kind kind; /* first, so that a kind leads to its ops */
	size_t state_size;     /* zeroed memory at stage_state() */
	unsigned links; /* it sits in (LINK_MASK_*); 0: as `stream` says */
	/* Those, where the parameters say which. NULL: `links` does. */
	unsigned (*links_by)(const void *params);
	/* NULL: LISTENER_OPEN. Asked only without per-flow conditions. */
	enum listener_effect (*listener)(const void *params, int stream);

	/* The stage came to be: state is zeroed. On live flows too. */
	void (*attach)(struct stage *);
	/* The flow is new and nothing was dialled yet: hold, end, or let go.
	 * Called once, in the first of its links only, after attach. */
	void (*open)(struct stage *);
	/* A message's head is about to enter this link (HTTP only): read or
	 * edit it (faults/message.h). */
	void (*message)(struct stage *, struct message *);
	/* A TLS layer above this link is about to do what faults may have a
	 * say in (faults/tls_turn.h). Kinds with KIND_TLS only. */
	void (*tls)(struct stage *, struct tls_turn *);
	/* Input grew or a wake-up is due. Takes what it may from stage_in(). */
	void (*data)(struct stage *);
	/* The source ended and the input is empty; or a wake-up is due and
	 * that was so. Ends with stage_pass_eof(), or waits. */
	void (*eof)(struct stage *);
	/* Parameters changed on a live flow; state is kept. NULL: nothing to
	 * adjust. `data` is called afterwards in any case. */
	void (*update)(struct stage *, const void *old_params);
	/* The stage goes: give back what attach took. Held bytes and a held
	 * end of stream move on by themselves afterwards. Also called when
	 * the flow ends (stage_closing() tells). */
	void (*detach)(struct stage *);
};

/* --- what a stage knows -------------------------------------------------- */

/* The fault's parameters, as kind.fields lays them out. Borrowed until update
 * is called. */
const void *stage_params(const struct stage *s);
/* The stage's own memory, state_size bytes, as long as the stage lives. */
void *stage_state(struct stage *s);
/* The link it stands in. */
enum link_dir stage_dir(const struct stage *s);
/* The fault's shared numbers; never NULL. */
struct fault_shared *stage_shared(struct stage *s);
/* The moment of the flow at which it is to act. With AT_AFTER a stage of an
 * exchange is not called before the answer is whole, or fills the buffer. */
enum conf_at stage_at(const struct stage *s);
int64_t stage_now(const struct stage *s); /* µs, monotonic */
/* When the flow began, µs. */
int64_t stage_flow_start(const struct stage *s);
/* Held input; read it, never change it but through the verbs. */
const struct bytes *stage_in(const struct stage *s);
/* Nominal arrival of the first held byte (of the end of stream if none is
 * held), µs. Delays count from here, so stacked faults add up exactly. */
int64_t stage_arrival(const struct stage *s);
/* The source has ended (perhaps with input still held). */
bool stage_at_eof(const struct stage *s);
/* Bytes that passed or were dropped here so far, counted from attach. */
uint64_t stage_offset(const struct stage *s);
/* HTTP: how many of the held or coming bytes still belong to the message's
 * head; 0 on other flows and in the body. */
size_t stage_head_left(const struct stage *s);
/* True while the flow is being taken apart (in detach). */
bool stage_closing(const struct stage *s);
/* True on an exchange: the end of its stream is that of a message, behind
 * which others may follow, and not that of a connection. */
bool stage_is_exchange(const struct stage *s);
/* True where every segment of stage_in() is one datagram (perhaps an empty
 * one), which passes, is dropped or delayed as a whole. */
bool stage_is_datagram(const struct stage *s);

/* True on a stream of HTTP/2. */
bool stage_is_http2(const struct stage *s);
/* HTTP/1: true once the exchange is a WebSocket. Then *scan (NULL: nobody asks)
 * is where among the frames the bytes are that enter the link next, and *ahead
 * how many bytes are under way that this stage will see before those. */
bool stage_websocket(const struct stage *s, struct ws_scan *scan,
    size_t *ahead);
/* HTTP: the first request header of that name. Borrows; false: none. */
bool stage_header(const struct stage *s, const char *name, struct view *value);

/* Random numbers of this stage: pure functions of (seed, route, fault, flow,
 * draw). Numbers below 16 are the engine's; kinds count from STAGE_DRAW. Each
 * direction has its own sequence. */
#define STAGE_DRAW 16u
double stage_unit(const struct stage *s, uint64_t draw);
uint64_t stage_bits(const struct stage *s, uint64_t draw);
uint64_t stage_below(const struct stage *s, uint64_t draw, uint64_t bound);

/* --- what a stage does --------------------------------------------------- */

/* Passes the first n held bytes on. `at_us` is when they nominally leave (the
 * next stage counts from there); negative: they keep their arrival. */
void stage_pass(struct stage *s, size_t n, int64_t at_us);
void stage_pass_all(struct stage *s);
/* Drops all that is held. */
void stage_drop_all(struct stage *s);
/* Passes the end of stream on; held input must be empty. */
void stage_pass_eof(struct stage *s);
/* Drops the first n held bytes: they never arrive. */
void stage_drop(struct stage *s, size_t n);
/* Datagrams only. Passes the nth held datagram (from 0) on, ahead of those
 * that are held before it; at_us as in stage_pass. */
void stage_pass_datagram(struct stage *s, size_t nth, int64_t at_us);
/* Drops the first held datagram. */
void stage_drop_datagram(struct stage *s);
/* The first held datagram, or a copy of it, leaves at due_us: at once if that
 * is over; ahead of those that are due later, whatever the order in which
 * they came. The engine sees to it and reports the delay; when the stage
 * goes, what still waits moves on in order of its time. */
void stage_delay(struct stage *s, int64_t due_us);
void stage_copy(struct stage *s, int64_t due_us);
/* Sends a datagram of the fault's own the other way, as if it had come from
 * where this link leads to. */
void stage_send_back(struct stage *s, const void *data, size_t len);
/* Adds bytes of the fault's own behind what was passed so far. */
void stage_insert(struct stage *s, const void *data, size_t len);
/* Flips bits of the held byte at offset `off` of the input. */
void stage_xor(struct stage *s, size_t off, unsigned char mask);
/* Calls data (or eof) again at `at_us`; a later call moves the wake-up,
 * DEADLINE_NEVER cancels it. */
void stage_wake_at(struct stage *s, int64_t at_us);
/* While on, the link's source is not read: peers feel back-pressure. */
void stage_hold(struct stage *s, bool on);
/* While on, the link's source end acknowledges nothing: the kernel discards
 * its segments (where the system can; else it is a hold). */
void stage_deaf(struct stage *s, bool on);
/* The kernel loses segments that the link's source sends, each with that
 * probability (0: none any more), before it acknowledges them: the source's
 * kernel sends them again. Which ones, nobody can foretell or replay. False
 * where the system does not allow that; then nothing changes. */
bool stage_lose(struct stage *s, double probability);
/* How many the kernel has dropped so far (a deaf end's, too). */
uint32_t stage_lost(const struct stage *s);
/* While on, the host takes the trouble to learn when bytes arrived exactly,
 * not just when it read them. */
void stage_timed(struct stage *s, bool on);
/* While on, the new flow's upstream is not dialled. Released by itself when
 * the stage goes. Only from open and later slots. */
void stage_hold_open(struct stage *s, bool on);
/* Ends the flow; the first call wins. The stage's slots (but detach) are not
 * called again. Nothing is freed before the slot returns. END_FIN and
 * END_RST_AFTER travel behind what was passed: stages that follow hold them
 * as they hold an end of stream. */
void stage_end(struct stage *s, enum flow_end how);
/* The same by END_RST or END_RST_AFTER, with an error code on HTTP/2. */
void stage_end_code(struct stage *s, enum flow_end how, uint32_t code);
/* Ends the flow at once, without a word: both kernels forget it, and answer
 * whatever else comes by RST, as hosts do that were started anew. False where
 * the system does not allow that; then nothing changes. */
bool stage_vanish(struct stage *s);
/* HTTP/2: the client's connection takes no new streams. False elsewhere. */
enum stage_last { STAGE_LAST_THIS, STAGE_LAST_BEFORE, STAGE_LAST_NONE };
struct stage_goaway {
	uint32_t code;
	enum stage_last last; /* the last stream said to be served; only with
				 abrupt */
	bool abrupt; /* streams under way are not served: it is closed */
};
bool stage_goaway(struct stage *s, const struct stage_goaway *goaway);
/* HTTP/2: replaces the trailers that follow the end of stream by these lines
 * ("name: value\r\n" each), or takes them away (NULL). False if there is
 * nothing to take, and elsewhere. */
bool stage_trailers(struct stage *s, const char *lines);
/* HTTP: answers the exchange in the server's place. `reply` is copied. The
 * request is read and forgotten; the server never sees it unless it already
 * did. False if a reply has begun, or on other flows. */
struct stage_reply {
	int status;
	const char *reason; /* NULL: the standard one */
	const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
	const void *body;
	size_t body_len;
	bool close; /* end the connection behind it */
	const char *by; /* name of the fault; the engine fills it in */
};
bool stage_answer(struct stage *s, const struct stage_reply *reply);

/* --- proof --------------------------------------------------------------- */

/* The fault took effect on this flow: `effect` is a constant word ("reset",
 * "stall"); `amount` its size in `unit` ("bytes", "us", ""; constant). Every
 * call is an event; the first one counts the fault as injected here. */
void stage_acted(struct stage *s, const char *effect, double amount,
    const char *unit);
/* The fault has no effect on this flow: an event says why (a constant word),
 * nothing is counted. */
void stage_powerless(struct stage *s, const char *why);
/* One delay was carried out: asked and achieved, µs. Cheap; summed up into
 * one event when the stage goes, and counts as injected. */
void stage_delayed(struct stage *s, int64_t asked_us, int64_t achieved_us);
/* n bytes were shaped, sliced or changed; summed up likewise. */
void stage_touched(struct stage *s, size_t n);

/* --- all kinds ------------------------------------------------------------ */

/* Alphabetical, for the loader and for `faultwire faults`. */
extern const struct conf_kinds fault_kinds;
/* The ops of a kind that came from fault_kinds. */
const struct fault_ops *fault_ops_of(const struct conf_kind *kind);
/* By name, or NULL. */
const struct fault_ops *fault_find(const char *name);

#endif
