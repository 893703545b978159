/* SPDX-License-Identifier: Apache-2.0 */
/* Glob matching that only ever goes back to the last star: a star that comes
 * later makes the choices of earlier ones final. */
#include "base/glob.h"

#include <stddef.h>

static unsigned char
fold(char c, bool nocase)
{
	return nocase && c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32)
					      : (unsigned char)c;
}

bool
glob_match(struct view glob, struct view text, bool nocase)
{
	size_t g = 0, t = 0, star = 0, resume = 0;
	bool has_star = false;

	while (t < text.len) {
		if (g < glob.len && glob.at[g] == '*') {
			has_star = true;
			star = ++g;
			resume = t;
		} else if (g < glob.len && (glob.at[g] == '?' ||
					    fold(glob.at[g], nocase) ==
						fold(text.at[t], nocase))) {
			g++;
			t++;
		} else if (has_star) {
			g = star;
			t = ++resume;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.at[g] == '*')
		g++;
	return g == glob.len;
}
