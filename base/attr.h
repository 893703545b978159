/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and the few macros that every unit may use. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stddef.h>

#define PRINTF_LIKE(f, a)  __attribute__((format(printf, f, a)))
#define WARN_UNUSED	   __attribute__((warn_unused_result))
#define NORETURN	   __attribute__((noreturn))
#define PURE		   __attribute__((pure))
#define LIKELY(x)	   __builtin_expect(!!(x), 1)
#define UNLIKELY(x)	   __builtin_expect(!!(x), 0)
#define COUNT_OF(array)	   (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)	   ((a) < (b) ? (a) : (b))
#define MAX(a, b)	   ((a) > (b) ? (a) : (b))

/* The struct of type `type` whose member `member` stands at `ptr`. */
#define CONTAINER_OF(ptr, type, member)                                        \
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif
