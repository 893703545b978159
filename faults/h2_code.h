/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes of HTTP/2 (RFC 9113, 7), as words of a parameter: the place of a
 * word is its number. */
#ifndef FAULTS_H2_CODE_H
#define FAULTS_H2_CODE_H

/* NULL-ended, for CONF_ENUM. */
extern const char *const h2_codes[];

#endif
