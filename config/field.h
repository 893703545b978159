/* SPDX-License-Identifier: Apache-2.0 */
/* One table per group of the configuration. The table parses, validates,
 * prints, documents, and serves the API: nothing about a parameter is written
 * twice. */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/error.h"
#include "base/near.h"
#include "base/str.h"

/* What a field holds, and the C type at its offset. */
enum conf_type {
	CONF_BOOL,     /* bool */
	CONF_INT,      /* int64_t */
	CONF_FLOAT,    /* double */
	CONF_DURATION, /* int64_t, microseconds */
	CONF_SIZE,     /* int64_t, bytes */
	CONF_RATE,     /* double, bytes per second */
	CONF_FRACTION, /* double, 0 … 1 */
	CONF_ENUM,     /* int, index into choices */
	CONF_STRING,   /* char *, owned; NULL: absent */
	CONF_ADDRESS,  /* char *, owned, checked: host:port or unix:path */
	CONF_STRINGS,  /* struct conf_strings: "a" or [ "a", "b" ] */
	CONF_NUMBERS,  /* struct conf_numbers: durations, each in us */
	CONF_GROUP,    /* documented here, read by its own table (see load.c) */
};

struct conf_strings {
	char **items; /* owned */
	size_t count;
};

/* Replaces what is there by copies. */
void conf_strings_set(struct conf_strings *s, const char *const *items,
    size_t count);
/* Frees them; the list is empty afterwards. */
void conf_strings_fini(struct conf_strings *s);

struct conf_numbers {
	int64_t *items; /* owned */
	size_t count;
};

#define CONF_REQUIRED 0x1u /* absent is an error */
#define CONF_HIDDEN   0x2u /* for our own use; not in files, not in pages */
#define CONF_LISTEN   0x4u /* CONF_ADDRESS: to listen at, the host may lack */
#define CONF_OFF      0x8u /* CONF_ADDRESS: "off" stands for none (NULL) */
#define CONF_DESTINATION 0x20u /* CONF_ADDRESS: or the word "destination" */
#define CONF_NUMERAL  0x10u /* CONF_STRING: a bare integer is text as well */
#define CONF_LISTS    0x40u /* CONF_GROUP: really a list of lists of words */
#define CONF_STANDS_FOR 0x1000u /* for groups, which are printed instead */

struct conf_field {
	const char *name;
	enum conf_type type;
	size_t offset;
	const char *def; /* default as a user would write it; NULL: zero */
	double min, max; /* in base units; both 0: any that is not negative */
	int64_t bare;	 /* base units that a bare number counts; 0: 1 */
	const char *const *choices; /* CONF_ENUM: NULL-ended */
	unsigned flags;
	const char *help; /* one sentence, no final dot */
	const char *type_text; /* how pages call the type; NULL: as usual */
};

/* Ends a table. */
#define CONF_FIELD_END {.name = NULL}

/* The field called `name`, or NULL. */
const struct conf_field *conf_field_find(const struct conf_field *table,
    const char *name);
/* Writes all defaults into `target` (zeroed before). */
void conf_fields_default(const struct conf_field *table, void *target);
/* Gives one field its default; what it held is freed. */
void conf_field_reset(const struct conf_field *field, void *target);
/* Frees the strings and lists that `target` owns. */
void conf_fields_fini(const struct conf_field *table, void *target);
/* Sets one field from text as a user would write it (lists: items separated
 * by commas). On failure `target` is unchanged and `err` says what was
 * expected. The command line, defaults and string values of a file use it. */
bool conf_field_parse(const struct conf_field *field, void *target,
    const char *text, struct error *err) WARN_UNUSED;
/* Sets a list field (CONF_STRINGS, CONF_NUMBERS) from its items as texts, or
 * any other field from exactly one item. Fails as conf_field_parse. */
bool conf_field_items(const struct conf_field *field, void *target,
    const char *const *items, size_t count, struct error *err) WARN_UNUSED;
/* Sets one field from one text; for a list it is one item, commas and all. */
bool conf_field_text(const struct conf_field *field, void *target,
    const char *text, struct error *err) WARN_UNUSED;
/* Always false: err says that `given` ("a list") was given instead of what the
 * field takes. */
bool conf_field_wrong_type(const struct conf_field *field, const char *given,
    struct error *err);
/* Sets one numeric field from a bare number (its unit applied). */
bool conf_field_number(const struct conf_field *field, void *target,
    double number, bool integral, struct error *err) WARN_UNUSED;
/* Prints a field's value as a configuration file would spell it, strings
 * quoted. */
void conf_field_print(const struct conf_field *field, const void *target,
    struct str *to);
/* The value of a CONF_FRACTION within its bounds: Toxiproxy's API takes any
 * toxicity and shows it again, while file and /v1 have bounds, within which the
 * same happens. */
double conf_field_fraction(const struct conf_field *field, const void *target);
/* Copies all values of `from` into `to` (zeroed or default before); strings
 * and lists are copied as well. */
void conf_fields_copy(const struct conf_field *table, void *to,
    const void *from);
/* True if both hold the same value in one field. */
bool conf_field_equal(const struct conf_field *field, const void *a,
    const void *b);
/* True if both targets hold the same values in every field. */
bool conf_fields_equal(const struct conf_field *table, const void *a,
    const void *b);
/* Offers a field as what a mistyped word may have meant; Toxiproxy's word for
 * it is as good as its name. */
void conf_field_offer(const struct conf_field *f, struct near *near);
/* Appends "; did you mean "x"?" if a field's name is near. */
void conf_field_hint(const struct conf_field *table, const char *name,
    struct str *to);
/* Appends what was expected instead of a key that no table has: the name that
 * is near, or all. */
void conf_fields_unknown(const struct conf_field *const *tables, size_t count,
    const char *name, struct str *to);
/* "duration", "size", "one of a, b, c", …: for messages and pages. */
void conf_field_type_text(const struct conf_field *field, struct str *to);
/* "0 … 1h", in the field's unit; empty if there are no bounds. */
void conf_field_bounds_text(const struct conf_field *field, struct str *to);

#endif
