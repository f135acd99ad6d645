/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - the process that measures: one device, one implementation, one case, one replicate. */
#ifndef WM_WORKER_H
#define WM_WORKER_H

/*
 * Reads its order from fd 3, one JSON line: {problem, impl, device, profile, seed, rank, ranks}. Writes to fd 4:
 * {phase, expect_s, tight} at the start of every phase, and last {status, why, verified, measured, samples}. Exits when
 * fd 3 closes. Returns the exit status of the process.
 */
int wm_worker_main(void);

#endif
