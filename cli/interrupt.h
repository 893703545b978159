/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as something to wait for, for commands that stay: no handler runs
 * between two lines of a program. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

/* From now on these signals (ended by 0) make the descriptor that is returned
 * readable, and do nothing else. Owned: interrupt_close(). -1: not possible. */
int interrupt_open(const int *signals);
/* The next signal that came; 0: none waits. */
int interrupt_take(int fd);
/* Closes it; these signals, and those that came and were not taken, do what
 * they usually do again. -1 is accepted. */
void interrupt_close(int fd, const int *signals);

#endif
