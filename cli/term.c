/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a command that draws. */
#include "cli/term.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ALTERNATE "\033[?1049h\033[?25l" /* its screen, no cursor */
#define USUAL	  "\033[?25h\033[?1049l"

void
term_enter(struct term *t)
{
	struct termios keys;

	t->has_keys = tcgetattr(STDIN_FILENO, &t->before) == 0;
	if (t->has_keys) {
		keys = t->before;
		keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		keys.c_cc[VMIN] = 1;
		keys.c_cc[VTIME] = 0;
		t->has_keys = tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0;
	}
	fputs(ALTERNATE, stdout);
	fflush(stdout);
	t->entered = true;
}

void
term_leave(struct term *t)
{
	if (!t->entered)
		return;
	fputs(USUAL, stdout);
	fflush(stdout);
	if (t->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
	t->entered = t->has_keys = false;
}

void
term_size(size_t *rows, size_t *columns)
{
	struct winsize size = {0};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = size.ws_row > 0 ? size.ws_row : 24;
	*columns = size.ws_col > 0 ? size.ws_col : 80;
}

int
term_key(const struct term *t)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned char key;
	ssize_t n;

	if (!t->has_keys || poll(&p, 1, 0) <= 0)
		return 0;
	n = read(STDIN_FILENO, &key, 1);
	if (n == 1)
		return key;
	return n < 0 && errno == EINTR ? 0 : -1;
}
