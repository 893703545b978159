/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a well-formed head held as text: first line, header lines, empty
 * line, each ended by CRLF. Lines that nobody names stay byte for byte. */
#ifndef PROXY_HTTP1_EDIT_H
#define PROXY_HTTP1_EDIT_H

#include "base/str.h"

/* Removes every header of that name (without regard to case). */
void http1_edit_remove(struct str *head, const char *name);
/* Adds one behind the others. */
void http1_edit_add(struct str *head, const char *name, const char *value);
/* Replaces the first of that name in its place and removes the rest; adds it
 * if there is none. */
void http1_edit_set(struct str *head, const char *name, const char *value);
/* Replaces the target of a request. */
void http1_edit_target(struct str *head, const char *target);
/* Replaces status and reason of a response. */
void http1_edit_status(struct str *head, int status);

/* "Not Found"; "Unknown" for numbers without a name. Constant. */
const char *http1_reason(int status);

#endif
