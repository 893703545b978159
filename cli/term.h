/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a command that draws: keys one by one, a screen of its own,
 * and all as it was before, whatever happens. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* Zeroed: not entered. */
struct term {
	struct termios before;
	bool entered, has_keys;
};

/* Takes over the screen on stdout, and the keyboard if stdin is one. */
void term_enter(struct term *t);
/* Gives both back; does nothing if they are. */
void term_leave(struct term *t);
/* Rows and columns of the screen; 24 and 80 if it does not say. */
void term_size(size_t *rows, size_t *columns);
/* The next key that was pressed; 0: none waits; -1: there will be none. */
int term_key(const struct term *t);

#endif
