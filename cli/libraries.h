/* SPDX-License-Identifier: Apache-2.0 */
/* How the libraries that we stand on allocate. */
#ifndef CLI_LIBRARIES_H
#define CLI_LIBRARIES_H

/* Makes libevent, OpenSSL and jansson allocate as we do: none of their calls
 * fails for want of memory and leaves something half-done, the program ends
 * instead (base/xalloc.h). To be called once, before any of them is used. */
void libraries_share_memory(void);

#endif
