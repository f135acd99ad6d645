/* SPDX-License-Identifier: Apache-2.0 */
/* test_group.c - groups of devices: how they are named, what they are as a device, and who runs on them. */
#include "core/cases.h"
#include "core/group.h"
#include "core/problem.h"
#include "run/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MEMORY ((uint64_t)80 << 30)

/* Three GPUs, of which one has less memory free, and one that would be made of the host's cores. */
static const struct wm_device devs[] = {
	{.id = "host", .backend = "host", .name = "Some CPU", .threads = 8},
	{.id = "cuda:0",
     .backend = "cuda",
     .name = "Some GPU",
     .uuid = "u0",
     .cache_bytes = 50,
     .features = 3,
     .mem_bytes = MEMORY,
     .free_bytes = MEMORY,
     .cpuset = "0-7",
     .nodeset = "0",
     .driver = "d"},
	{.id = "cuda:1",
     .backend = "cuda",
     .name = "Some GPU",
     .uuid = "u1",
     .cache_bytes = 60,
     .features = 1,
     .ordinal = 1,
     .mem_bytes = MEMORY,
     .free_bytes = MEMORY / 2,
     .max_alloc_bytes = 100,
     .cpuset = "0-7",
     .nodeset = "0"},
	{.id = "cuda:2",
     .backend = "cuda",
     .name = "Some GPU",
     .pci = "0000:03:00.0",
     .ordinal = 2,
     .features = 3,
     .mem_bytes = MEMORY,
     .free_bytes = MEMORY,
     .cpuset = "8-15",
     .nodeset = "1"},
	{.id = "cuda:3", .backend = "cuda", .name = "Some CPU", .on_host = true, .threads = 8, .ordinal = 3},
};
enum { NDEVS = 5 };

static const char *spelled(const char *word) {
	static char id[96];

	return wm_group_id(word, id) ? id : "none";
}

static void names(void **state) {
	(void)state;
	assert_string_equal(spelled("cuda:0-2"), "cuda:0-2");
	assert_string_equal(spelled("cuda:0,1"), "cuda:0-1");
	assert_string_equal(spelled("cuda:0,2,5"), "cuda:0,2,5");
	assert_string_equal(spelled("cuda:2,0-1,4,5,6"), "cuda:2,0-1,4-6"); /* the order is that of the ranks */
	assert_string_equal(spelled("cuda:0"), "none");
	assert_string_equal(spelled("cuda:2-1"), "none");
	assert_string_equal(spelled("cuda:0-"), "none");
	assert_string_equal(spelled("cuda:0,"), "none");
	assert_string_equal(spelled("cuda:0-1x"), "none");
	assert_string_equal(spelled("host:cpus=0-3"), "none");
	assert_string_equal(spelled("tpu:0-3"), "none");
	assert_string_equal(spelled("cuda:0-63"), "cuda:0-63");
	assert_string_equal(spelled("cuda:0-64"), "none"); /* more than there are ranks */
}

/* A group has what every one of its devices has. */
static void as_a_device(void **state) {
	struct wm_device g, other;
	int index[WM_MAX_RANKS];

	(void)state;
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:2,0-1", &g), WM_OK);
	assert_string_equal(g.id, "cuda:2,0-1");
	assert_string_equal(g.name, "3 x Some GPU");
	assert_int_equal(g.ranks, 3);
	assert_int_equal(g.free_bytes, MEMORY / 2);
	assert_int_equal(g.max_alloc_bytes, 100);
	assert_int_equal(g.cache_bytes, 60);
	assert_int_equal(g.features, 1);
	assert_string_equal(g.pci, "");
	assert_string_equal(g.off, "");
	/* the same devices in another order are the same set; others are not */
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0-2", &other), WM_OK);
	assert_string_equal(other.uuid, g.uuid);
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0-1", &other), WM_OK);
	assert_string_not_equal(other.uuid, g.uuid);

	assert_int_equal(wm_group_members(devs, NDEVS, &g, index), 3);
	assert_int_equal(index[0], 3);
	assert_int_equal(index[1], 1);
	assert_int_equal(index[2], 2);
	assert_int_equal(wm_group_members(devs, NDEVS, &devs[2], index), 1);
	assert_int_equal(index[0], 2);
}

static void refusals(void **state) {
	struct wm_device broken[NDEVS], g;
	char id[96];

	(void)state;
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0-2,7", &g), WM_INPUT);
	assert_string_equal(wm_why(), "device cuda:0-2,7: cuda:7 is not here; see wattmark list");
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0,1,0", &g), WM_INPUT);
	assert_string_equal(wm_why(), "device cuda:0,1,0: cuda:0 is in it twice");
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:2-3", &g), WM_INPUT);
	assert_string_equal(wm_why(), "device cuda:2-3: cuda:3 is made of the host's cores: no group");

	/* one that cannot be used is not in the group of all; a group that it was named for says why it is off */
	memcpy(broken, devs, sizeof(devs));
	snprintf(broken[2].off, sizeof(broken[2].off), "fell off the bus");
	assert_true(wm_group_of_all(devs, NDEVS, "cuda", id));
	assert_string_equal(id, "cuda:0-2");
	assert_true(wm_group_of_all(broken, NDEVS, "cuda", id));
	assert_string_equal(id, "cuda:0,2");
	assert_false(wm_group_of_all(devs, 2, "cuda", id)); /* one alone */
	assert_false(wm_group_of_all(devs, NDEVS, "host", id));
	assert_int_equal(wm_group_make(broken, NDEVS, "cuda:0-2", &g), WM_OK);
	assert_string_equal(g.off, "cuda:1: fell off the bus");
}

/* Ranks at the same cores share them; one core is left where they would take all. */
static void cores(void **state) {
	static struct wm_machine machine;
	struct wm_device member;

	(void)state;
	memcpy(machine.devs, devs, sizeof(devs));
	machine.n = NDEVS;
	assert_int_equal(wm_groups_add(&machine, "cuda:0-2"), WM_OK);
	assert_int_equal(machine.n, NDEVS + 1);
	assert_string_equal(machine.devs[NDEVS].cpuset, "0-6,8-14");
	assert_string_equal(machine.devs[NDEVS].nodeset, "0-1");
	wm_groups_member(&machine, &machine.devs[NDEVS], 0, &member);
	assert_string_equal(member.id, "cuda:0");
	assert_string_equal(member.cpuset, "0-3");
	wm_groups_member(&machine, &machine.devs[NDEVS], 1, &member);
	assert_string_equal(member.cpuset, "4-6");
	wm_groups_member(&machine, &machine.devs[NDEVS], 2, &member);
	assert_string_equal(member.cpuset, "8-14");
	/* fewer cores than ranks: all have all */
	snprintf(machine.devs[1].cpuset, sizeof(machine.devs[1].cpuset), "5");
	snprintf(machine.devs[2].cpuset, sizeof(machine.devs[2].cpuset), "5");
	wm_groups_member(&machine, &machine.devs[NDEVS], 1, &member);
	assert_string_equal(member.cpuset, "5");
}

static void ranks(void **state) {
	struct wm_problem p;
	struct wm_device g;

	(void)state;
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0-2", &g), WM_OK);
	assert_int_equal(wm_problem_parse("allreduce:bytes=12K", &p), WM_OK);
	wm_problem_place(&p, &g);
	assert_int_equal(p.ranks, 3);
	assert_int_equal(p.rank, 0);
	wm_problem_place(&p, &devs[1]);
	assert_int_equal(p.ranks, 1);
	wm_problem_place(&p, &devs[0]);
	assert_int_equal(p.ranks, 8);
	assert_int_equal(p.rank, WM_ALL_RANKS);
}

/* Who asks for what: groups that are named, and the group of all where a job has a collective. */
static void requests(void **state) {
	static const struct {
		const char *pattern, *devices, *made;
	} rows[] = {
		{"allreduce", "", "cuda:0-2"},
		{"allreduce", "cuda", "cuda:0-2"},
		{"allreduce", "host", ""},
		{"gemm", "", ""},
		{"gemm", "cuda", ""},
		{"allreduce", "cuda:0", ""},
		{"allreduce", "cuda:1,0", "cuda:1,0"},
		{"allreduce", "cuda:0,1,2/all", "cuda:0-2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wm_suite suite = {0};
		char out[4][96];
		int n;

		assert_int_equal(wm_suite_add(rows[i].pattern, &suite), WM_OK);
		n = wm_device_requests(&suite, devs, NDEVS, rows[i].devices, out, 4);
		assert_int_equal(n, rows[i].made[0] ? 1 : 0);
		if (n > 0)
			assert_string_equal(out[0], rows[i].made);
		wm_suite_free(&suite);
	}
}

/* "impl@device .." of the cases of a pattern, whatever else was asked for before. */
static const char *cases_of(const char *pattern, const char *devices, const char *impls) {
	struct wm_device here[NDEVS + 2];
	static char text[512];
	struct wm_suite suite = {0};
	struct wm_cases cases = {0};
	size_t used = 0;

	memcpy(here, devs, sizeof(devs));
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:0-2", &here[NDEVS]), WM_OK);
	assert_int_equal(wm_group_make(devs, NDEVS, "cuda:2,0", &here[NDEVS + 1]), WM_OK);
	assert_int_equal(wm_suite_add(pattern, &suite), WM_OK);
	snprintf(text, sizeof(text), "%s", "");
	if (wm_cases_expand(&suite, here, NDEVS + 2, devices, impls, &cases) != WM_OK)
		snprintf(text, sizeof(text), "%s", wm_why());
	for (size_t i = 0; i < cases.n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s@%s", i ? " " : "", cases.v[i].impl->name,
		                         here[cases.v[i].device].id);
	wm_cases_free(&cases);
	wm_suite_free(&suite);
	return text;
}

static void who_runs_where(void **state) {
	(void)state;
	/* a collective on all devices runs on the group of all that can be in one; on others where they are named, also to
	 * say why not */
	assert_string_equal(cases_of("sendrecv", "cuda", ""), "nccl@cuda:3 nccl@cuda:0-2");
	assert_string_equal(cases_of("sendrecv", "all", ""), "threads@host nccl@cuda:3 nccl@cuda:0-2");
	assert_string_equal(cases_of("sendrecv", "cuda:2,0", ""), "nccl@cuda:2,0");
	assert_string_equal(cases_of("sendrecv", "cuda:1", ""), "nccl@cuda:1");
	assert_string_equal(cases_of("sendrecv", "cuda/cuda:1", ""), "nccl@cuda:1 nccl@cuda:3 nccl@cuda:0-2");
	/* nothing else runs on a group */
	assert_string_equal(cases_of("gemm:m=8", "host/cuda:2,0", "ref/tiled"), "ref@host");
	assert_string_equal(cases_of("gemm:m=8", "cuda:2,0", "ref/tiled"),
	                    "nothing to run: cuda:2,0 is a group, and gemm runs on one device: name its devices, joined by "
	                    "'/'");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),          cmocka_unit_test(as_a_device), cmocka_unit_test(refusals),
		cmocka_unit_test(cores),          cmocka_unit_test(ranks),       cmocka_unit_test(requests),
		cmocka_unit_test(who_runs_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
