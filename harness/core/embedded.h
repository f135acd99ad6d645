/* SPDX-License-Identifier: Apache-2.0 */
/* embedded.h - the files that the build put into the binary. Private to the harness; wm_embedded is in wm.h. */
#ifndef WM_EMBEDDED_H
#define WM_EMBEDDED_H

/* Path in the tree of the ith embedded file, sorted within a folder; NULL past the last. Static. */
const char *wm_embedded_name(int i);

#endif
