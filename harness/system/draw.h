/* SPDX-License-Identifier: Apache-2.0 */
/* draw.h - the machine as a drawing. */
#ifndef WM_DRAW_H
#define WM_DRAW_H

#include "topology.h"

/*
 * The drawing as SVG text, made by the program lstopo-no-graphics or lstopo; freed by the caller. It is the same for
 * the same topology: no date and no host name is in it. WM_SKIP + reason when neither program is installed.
 */
enum wm_status wm_topology_svg(const struct wm_topology *topo, char **svg_p);

#endif
