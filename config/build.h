/* SPDX-License-Identifier: Apache-2.0 */
/* Building a model by hand, for the loader and for the control API: fill in a
 * copy by the tables, compile what was changed, check the whole, and only
 * then share it.
 *
 *   conf_model_copy ─► add, remove, conf_field_parse ─► conf_*_compile
 *     ─► conf_model_check ─► from now on immutable */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include <stddef.h>

#include "base/attr.h"
#include "config/diag.h"
#include "config/model.h"

/* A model of defaults, one reference. Returns owned. */
struct conf_model *conf_model_new(void) WARN_UNUSED;
/* A deep copy with one reference, without the experiment. Returns owned. */
struct conf_model *conf_model_copy(const struct conf_model *from) WARN_UNUSED;

/* Each adds one of defaults at the end and lends it until the next add. */
struct conf_service *conf_model_add_service(struct conf_model *model);
struct conf_route *conf_model_add_route(struct conf_model *model);
struct conf_partition *conf_model_add_partition(struct conf_model *model);
struct conf_fault *conf_route_add_fault(struct conf_route *route,
					const struct conf_kind *kind);
/* Moves what is behind the freed element of that index up, and counts. */
void conf_close_gap(void *items, size_t *count, size_t size, size_t index);
/* Each frees one and closes the gap. */
void conf_model_remove_route(struct conf_model *model, size_t index);
void conf_model_remove_partition(struct conf_model *model, size_t index);
void conf_route_remove_fault(struct conf_route *route, size_t index);

/* For a fault outside of a route (`to` is overwritten, then owned by the
 * caller). */
void conf_fault_init(struct conf_fault *to, const struct conf_kind *kind);
void conf_fault_copy(struct conf_fault *to, const struct conf_fault *from);
void conf_fault_fini(struct conf_fault *f);
/* A route of defaults outside of a model (overwritten, then owned). */
void conf_route_init(struct conf_route *r);
/* Frees what it owns; the memory is zeroed. */
void conf_route_fini(struct conf_route *r);
/* Into a route of defaults without faults (conf_model_add_route). */
void conf_route_copy(struct conf_route *to, const struct conf_route *from);
/* Likewise into one of conf_model_add_partition. */
void conf_partition_copy(struct conf_partition *to,
			 const struct conf_partition *from);
/* Frees what it owns; the memory is zeroed. */
void conf_partition_fini(struct conf_partition *p);
/* The default that depends on the protocol: sets idle_timeout_us. */
void conf_route_protocol_defaults(struct conf_route *r);

/* What cannot be said of single fields; and from texts to what is matched:
 * addresses, patterns, ranges. All errors go to the spot. May be called again
 * after fields were changed. */
void conf_service_compile(struct conf_service *s, const struct conf_spot *at);
/* Frees what that made, not the texts. */
void conf_service_clear(struct conf_service *s);
void conf_partition_compile(const struct conf_partition *p,
			    const struct conf_spot *at);
void conf_route_compile(struct conf_route *r, const struct conf_spot *at);
void conf_match_compile(struct conf_route *r, const struct conf_spot *at);
void conf_tls_compile(const struct conf_route *r, const struct conf_spot *at);
void conf_upstream_tls_compile(const struct conf_route *r,
			       const struct conf_spot *at);
/* Does the layer of the fault exist on its route? (conf_fault_compile asks.) */
void conf_layer_compile(const struct conf_fault *f,
			const struct conf_route *route,
			const struct conf_spot *at);
/* `route` is the one that the fault stands on; `model` knows the services that
 * a condition on clients may name. */
void conf_fault_compile(struct conf_fault *f, const struct conf_route *route,
			const struct conf_spot *at);
void conf_when_compile(struct conf_when *w, const struct conf_model *model,
		       const struct conf_route *route,
		       const struct conf_spot *at);
/* Gives faults without a name their default one, <type>_<stream>, with _2,
 * _3, … if that is taken. */
void conf_route_name_faults(struct conf_route *route);
/* Everything that takes more than one group to see: equal names, routes on
 * one listener, unknown services, partitions. Errors name routes and
 * partitions at their `where`. */
void conf_model_check(const struct conf_model *model, struct conf_diag *diag);

#endif
