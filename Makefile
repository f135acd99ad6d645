# SPDX-License-Identifier: Apache-2.0
#
# Builds wattmark. No source file is named here but the three that are built in a special way: the program's main,
# the two that hold generated knowledge (the build's own state, the embedded files) and the registry, which the
# fault tests replace. A new file under bench/, kernels/ or harness/ is found by itself.
#
#   make                     build/wattmark
#   make B=build-x CC=clang  another folder, another compiler

VERSION := 0.1.0

B ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
ifeq ($(origin CC),default)
CC := gcc
endif
# asan and tsan set this: the argument of -fsanitize.
SANITIZE ?=
# How many tests run at a time, and which kinds (empty: all); see scripts/run-tests.
JOBS ?= $(shell nproc)
TESTS ?=

WARNINGS := -Wall -Wextra -Wpedantic
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -pthread
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
endif
ALL_CPPFLAGS := -Iharness -DWM_VERSION='"$(VERSION)"' $(CPPFLAGS)
LDLIBS := -lhwloc -ljansson -linih -lm -ldl
CC_NAME := $(shell $(CC) --version 2>/dev/null | head -n 1)

# The state of the checkout that this is built from; a tarball inside someone's repository is not a checkout.
ifneq ($(wildcard .git),)
GIT_STATE := $(shell git describe --always --dirty 2>/dev/null || echo "unknown: git describe failed")
else
GIT_STATE := unknown: not built from a git checkout
endif

# Files of a kind in folders and all folders below; a folder may be missing.
find = $(if $(wildcard $(1)),$(shell find $(wildcard $(1)) -type f -name '$(2)' | LC_ALL=C sort))

SOURCES := $(call find,harness kernels,*.c) $(sort $(wildcard bench/*.c))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
INJECT_SOURCES := $(sort $(wildcard tests/inject/*.c))
FAULT_SOURCES := $(sort $(wildcard tests/faults/*.c))
EMBEDDED := $(sort $(wildcard bench/suites/*.ini results/reference/*.ini results/schema.json)) \
	$(sort $(wildcard kernels/gpu/device.h kernels/cuda/ptx.h)) $(call find,kernels,*.k) \
	$(sort $(wildcard harness/report/*.css scripts/gnuplot/*.gp))

# Texts for NVIDIA alone, compiled ahead where there is nvcc (NVCC= for: without): one fatbin for each, and a word about who
# made them. What a GPU runs depends on neither CC nor CFLAGS, so that all build folders share one folder of them. On a
# machine without nvcc, AHEAD_FROM=FOLDER takes fatbins that another one made of these same texts.
NVCC ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
NVCCFLAGS ?= -O3
CUDA_B ?= build-cuda
CUDA_TEXTS := $(sort $(wildcard kernels/cuda/*.k))
ifneq ($(AHEAD_FROM),)
CUDA_B := $(AHEAD_FROM)
AHEAD := $(sort $(wildcard $(addprefix $(CUDA_B)/kernels/cuda/,*.fatbin *.targets compiler)))
else
AHEAD := $(if $(NVCC),$(foreach t,$(CUDA_TEXTS:.k=),$(CUDA_B)/$t.fatbin $(CUDA_B)/$t.targets) \
	$(CUDA_B)/kernels/cuda/compiler)
endif
NVCC_NAME := $(if $(NVCC),nvcc $(shell $(NVCC) --version 2>/dev/null | sed -n 's/.*, V//p'))

# Device texts run on the CPU: the emulator with its texts, and the tests.
EMULATE_SOURCES := $(filter-out tests/emulate/test_%,$(wildcard tests/emulate/*.cc tests/emulate/*.c))
EMULATE_TESTS := $(patsubst tests/%,$(B)/tests/%,$(basename $(wildcard tests/emulate/test_*.cc tests/emulate/test_*.c)))

object = $(patsubst %.c,$(B)/obj/%.o,$(1))
MAIN := $(B)/obj/harness/cli/main.o
OBJECTS := $(filter-out $(MAIN),$(call object,$(SOURCES))) $(B)/gen/embedded.o
INJECT_OBJECTS := $(call object,$(INJECT_SOURCES))
EMULATE_OBJECTS := $(patsubst %,$(B)/obj/%.o,$(basename $(EMULATE_SOURCES)))
FAULT_OBJECTS := $(call object,$(FAULT_SOURCES)) $(B)/obj/tests/faults/registry.o
UNIT_TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT_SOURCES))
PRODUCTS := $(B)/wattmark $(if $(wildcard tests/faults/registry.def),$(B)/wattmark-faulty)

C_FILES := $(SOURCES) $(call find,tests,*.c)
H_FILES := $(call find,harness bench kernels tests scripts,*.h)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all ahead list-ahead objects tests check check-setup check-faults check-injections plugin asan tsan lint \
	bench-harness bench-report install uninstall portable format clean help FORCE

all: $(PRODUCTS)  ## the program, B/wattmark (default)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile
	@echo "variables: B=FOLDER CC=COMPILER CFLAGS=.. PREFIX=.. DESTDIR=.. JOBS=N TESTS='unit emulate e2e kernels faults plugin browser'"

objects: $(OBJECTS) $(MAIN)  ## compile without linking (make -k: all that can be)

# ---- what a change of must rebuild things although no file changed ------------------------------------------

# Writes the text into the target when it differs from what stands there.
keep = @mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(1))' > $@

$(B)/gen/flags: FORCE
	$(call keep,$(CC) $(CC_NAME) $(CXX) $(CXX_NAME) $(ALL_CFLAGS) $(ALL_CPPFLAGS) $(LDFLAGS) $(LDLIBS))
$(B)/gen/git-state: FORCE
	$(call keep,$(GIT_STATE))
$(B)/gen/sources: FORCE
	$(call keep,$(OBJECTS))
$(B)/gen/embedded-list: FORCE
	$(call keep,$(EMBEDDED) $(AHEAD))

# ---- objects ------------------------------------------------------------------------------------------------

COMPILE = @mkdir -p $(@D) && echo "CC $@" && $(CC) $(ALL_CFLAGS) $(ALL_CPPFLAGS) $(DEFINES) -MMD -MP -c

$(B)/obj/%.o: %.c $(B)/gen/flags
	$(COMPILE) $< -o $@

$(B)/obj/harness/system/environment.o: $(B)/gen/git-state
$(B)/obj/harness/system/environment.o: DEFINES = -DWM_BUILD_GIT='"$(GIT_STATE)"' -DWM_BUILD_CC='"$(CC_NAME)"' \
	-DWM_BUILD_CFLAGS='"$(ALL_CFLAGS)"'

# The registry of wattmark-faulty: the real one and what the fault tests add to it.
$(B)/obj/tests/faults/registry.o: harness/core/registry.c $(B)/gen/flags
	$(COMPILE) $< -o $@
$(B)/obj/tests/faults/registry.o: DEFINES = -DWM_REGISTRY='"../../tests/faults/registry.def"'

# The embedded files, each ended by a 0 byte, and a table of them for harness/core/embedded.c.
$(B)/gen/embedded.S: $(B)/gen/embedded-list
	@echo "GEN $@"; { \
	echo '	.section .rodata'; i=0; \
	for f in $(EMBEDDED) $(AHEAD); do \
		echo ".Lname$$i: .string \"$${f#$(CUDA_B)/}\""; \
		echo '	.balign 16'; \
		echo ".Ltext$$i: .incbin \"$$f\""; \
		echo ".Lend$$i: .byte 0"; i=$$((i + 1)); \
	done; \
	echo '	.section .data.rel.ro,"aw",%progbits'; \
	echo '	.balign 8'; \
	echo '	.globl wm_embedded_table'; \
	echo 'wm_embedded_table:'; \
	n=$$i; i=0; while [ $$i -lt $$n ]; do echo "	.8byte .Lname$$i, .Ltext$$i, .Lend$$i - .Ltext$$i"; i=$$((i + 1)); done; \
	echo '	.8byte 0, 0, 0'; \
	echo '	.section .note.GNU-stack,"",%progbits'; \
	} > $@
$(B)/gen/embedded.o: $(B)/gen/embedded.S $(EMBEDDED) $(AHEAD) $(B)/gen/flags
	@echo "CC $@" && $(CC) -c $< -o $@

# ---- device code ----------------------------------------------------------------------------------------------

ifeq ($(AHEAD_FROM),)
$(CUDA_B)/kernels/cuda/compiler: FORCE
	$(call keep,$(NVCC_NAME) $(NVCCFLAGS))
$(CUDA_B)/%.fatbin: %.k $(wildcard kernels/gpu/device.h kernels/cuda/ptx.h) $(CUDA_B)/kernels/cuda/compiler scripts/fatbin
	@echo "NVCC $@" && NVCC='$(NVCC)' NVCCFLAGS='$(NVCCFLAGS)' scripts/fatbin $< $(@:.fatbin=)
$(CUDA_B)/%.targets: $(CUDA_B)/%.fatbin ;
endif

ahead: $(AHEAD)  ## device code for NVIDIA GPUs, compiled ahead, into CUDA_B (needs nvcc)

list-ahead:
	@printf '%s\n' $(AHEAD)

# ---- programs -----------------------------------------------------------------------------------------------

LINK = @mkdir -p $(@D) && echo "LD $@" && $(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@

$(B)/libwattmark.a: $(OBJECTS) $(B)/gen/sources
	@echo "AR $@" && rm -f $@ && ar rcs $@ $(OBJECTS)

$(B)/wattmark: $(MAIN) $(B)/libwattmark.a
	$(LINK) $^ $(LDLIBS)

# The bare loops that bench-harness holds the harness against.
$(B)/bare: $(B)/obj/tests/bare/bare.o
	$(LINK) $^ $(LDLIBS)

# Its registry comes before the archive, so that the archive's own is not taken.
$(B)/wattmark-faulty: $(MAIN) $(FAULT_OBJECTS) $(B)/libwattmark.a
	$(LINK) $^ $(LDLIBS)

$(UNIT_TESTS): $(B)/tests/%: $(B)/obj/tests/%.o $(INJECT_OBJECTS) $(B)/libwattmark.a
	$(LINK) $^ -lcmocka $(LDLIBS)

# C++17 with the words of CUDA; attributes and pragmas of the texts are for other compilers. Fibers jump from stack to
# stack, which neither _FORTIFY_SOURCE nor the thread sanitizer likes.
CXX_NAME := $(shell $(CXX) --version 2>/dev/null | head -n 1)
EMULATE_CXXFLAGS := -std=c++17 -Wall -Wextra -Wno-attributes -Wno-unknown-pragmas -Wno-psabi -O2 -g -U_FORTIFY_SOURCE \
	$(filter -Werror,$(CFLAGS)) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
NOT_EMULATED := $(if $(CXX_NAME),$(if $(filter thread,$(SANITIZE)),the thread sanitizer does not know fibers),no $(CXX) here)

$(B)/obj/tests/emulate/%.o: tests/emulate/%.cc $(B)/gen/flags
	@mkdir -p $(@D) && echo "CXX $@" && $(CXX) $(EMULATE_CXXFLAGS) $(ALL_CPPFLAGS) -MMD -MP -c $< -o $@

ifeq ($(NOT_EMULATED),)
$(EMULATE_TESTS): $(B)/tests/%: $(B)/obj/tests/%.o $(EMULATE_OBJECTS) $(INJECT_OBJECTS) $(B)/libwattmark.a
	@mkdir -p $(@D) && echo "LD $@" && $(CXX) $(EMULATE_CXXFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)
else
$(EMULATE_TESTS): $(B)/gen/flags
	@mkdir -p $(@D) && printf '#!/bin/sh\necho "1..0 # SKIP $(NOT_EMULATED)"\n' > $@ && chmod +x $@
endif

-include $(call find,$(B)/obj,*.d)

# ---- tests --------------------------------------------------------------------------------------------------

# Libraries of vendors that play a script: tests/fakes/script.h. They are what a program opens, so no sanitizer is in them.
FAKE_LIBS := $(addprefix $(B)/tests/fakes/,libnvidia-ml.so.1 old/libnvidia-ml.so.1 libamd_smi.so librocm_smi64.so) \
	$(addprefix $(B)/tests/fakes/cuda/,libcuda.so.1 libnvrtc.so.13 libcublasLt.so.13) $(B)/tests/fakes/nccl/libnccl.so.2
FAKE = @mkdir -p $(@D) && echo "LD $@" && $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O1 -g -fPIC -shared \
	-Wl,-soname,$(@F) $(DEFINES) -o $@ $(filter %.c,$^) -lm
$(FAKE_LIBS): tests/fakes/script.c tests/fakes/script.h $(wildcard harness/meters/*_api.h) $(B)/gen/flags
$(B)/tests/fakes/libnvidia-ml.so.1 $(B)/tests/fakes/old/libnvidia-ml.so.1: tests/fakes/libnvidia-ml.c
	$(FAKE)
$(B)/tests/fakes/old/libnvidia-ml.so.1: DEFINES = -DWM_FAKE_OLD
$(B)/tests/fakes/libamd_smi.so: tests/fakes/libamd_smi.c
	$(FAKE)
# Fake GPUs stand in a folder of their own, so that a test which wants one other fake library has no GPU.
$(B)/tests/fakes/cuda/libcuda.so.1: tests/fakes/libcuda.c tests/fakes/cuda_kernels.c tests/fakes/libcuda.h
	$(FAKE)
$(B)/tests/fakes/cuda/libnvrtc.so.13: tests/fakes/libnvrtc.c
	$(FAKE)
$(B)/tests/fakes/cuda/libcublasLt.so.13: tests/fakes/libcublasLt.c kernels/libs/cublaslt_api.h
	$(FAKE)
$(B)/tests/fakes/nccl/libnccl.so.2: tests/fakes/libnccl.c
	$(FAKE)
$(B)/tests/fakes/librocm_smi64.so: tests/fakes/librocm_smi64.c
	$(FAKE)

# Texts for the emulator take as long to compile as all the rest: only where their kind is to run.
tests: $(PRODUCTS) $(UNIT_TESTS) $(if $(TESTS),$(if $(filter emulate,$(TESTS)),$(EMULATE_TESTS)),$(EMULATE_TESTS)) \
	$(FAKE_LIBS)  ## build the test programs

check: tests  ## build and run all tests; ends with: N passed, N failed, N skipped
	@JOBS=$(JOBS) scripts/run-tests $(B) $(TESTS)

check-faults: tests  ## the tests of crashes, hangs and kills alone
	@KILLS=50 scripts/run-tests $(B) faults

check-injections: tests  ## errors done to right outputs, 100 of each kind behind every implementation
	@WM_TEST_TRIES=100 POCL_CACHE_DIR=$(B)/tests/pocl $(B)/tests/unit/test_injections

plugin: all  ## add a toy implementation and a toy report to a copy of the tree and run them
	@scripts/run-tests $(B) plugin

check-setup:  ## clone into a bare Debian 12, run quickstart and check there (root, debootstrap)
	@scripts/fresh-root

asan:  ## the tests under the address and undefined behaviour sanitizers
	@WM_TEST_TRIES=2 $(MAKE) --no-print-directory B=build-asan SANITIZE=address,undefined CFLAGS='-O1 -g' check

tsan:  ## the tests under the thread sanitizer
	@WM_TEST_TRIES=2 $(MAKE) --no-print-directory B=build-tsan SANITIZE=thread CFLAGS='-O1 -g' check

bench-harness: all $(B)/bare  ## time the harness itself against a bare loop
	@scripts/bench-harness $(B)

bench-report: all  ## time reports of 100,000 records
	@WATTMARK=$(B)/wattmark scripts/bench-report

lint:  ## the rules of the house, clang-format, shellcheck, cppcheck, clang-tidy
	@JOBS=$(JOBS) scripts/lint $(B)

# ---- the rest -----------------------------------------------------------------------------------------------

# Made by the program from its own tables.
$(B)/wattmark.1: $(B)/wattmark
	$< docs man > $@
$(B)/wattmark.bash: $(B)/wattmark
	$< docs completion > $@

# What goes below share/, as FILE=FOLDER. The program holds the suites and the reference data itself; these are copies to
# read. Documents keep their places in the tree, so that links from one of them to another hold.
SHARE := $(DESTDIR)$(PREFIX)/share
DOCS := README.md LICENSE $(wildcard bench/README.md harness/measure/README.md results/README.md results/schema.json)
SHARED := $(foreach f,$(sort $(wildcard bench/suites/*.ini)),$(f)=wattmark/suites) \
	$(foreach f,$(sort $(wildcard results/reference/*)),$(f)=wattmark/reference) \
	$(foreach f,$(DOCS),$(f)=doc/wattmark/$(patsubst ./,,$(dir $(f))))

install: all $(B)/wattmark.1 $(B)/wattmark.bash  ## install under DESTDIR and PREFIX
	install -D -m 755 $(B)/wattmark "$(DESTDIR)$(PREFIX)/bin/wattmark"
	install -D -m 644 $(B)/wattmark.1 "$(SHARE)/man/man1/wattmark.1"
	install -D -m 644 $(B)/wattmark.bash "$(SHARE)/bash-completion/completions/wattmark"
	@for i in $(SHARED); do install -D -m 644 -t "$(SHARE)/$${i#*=}" "$${i%=*}" || exit 1; done

uninstall:  ## remove what install put there; suites that were added stay
	rm -f "$(DESTDIR)$(PREFIX)/bin/wattmark" "$(SHARE)/man/man1/wattmark.1" \
		"$(SHARE)/bash-completion/completions/wattmark"
	@for i in $(SHARED); do rm -f "$(SHARE)/$${i#*=}/$$(basename "$${i%=*}")" || exit 1; done
	@for d in wattmark doc/wattmark; do \
		[ ! -d "$(SHARE)/$$d" ] || find "$(SHARE)/$$d" -depth -type d -empty -delete; \
	done

portable:  ## B/portable/wattmark, one binary for any Linux with glibc 2.31 or later (root, debootstrap)
	@scripts/portable $(B)

format:  ## rewrite all C sources in the house style (clang-format 14)
	clang-format -i $(C_FILES) $(H_FILES) $(call find,tests,*.cc)

clean:  ## remove the build folders
	rm -rf $(B) build-cuda build-gcc build-clang build-asan build-tsan
