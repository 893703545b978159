/* SPDX-License-Identifier: Apache-2.0 */
/* Names that live as long as the process, so that events may carry them
 * across threads and reloads by pointer. Bounded by the number of distinct
 * names ever configured: whoever takes a name from elsewhere looks first
 * whether there is such a thing. */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

/* The one stored copy of `name` (NULL gives NULL); equal names give equal
 * pointers. Thread-safe; for configuration, not for the data path. Borrowed,
 * never freed. */
const char *intern(const char *name);

#endif
