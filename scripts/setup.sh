# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# setup.sh - the packages that wattmark needs on Debian 12 and how they get there; read by quickstart and check.
# Nothing comes from anywhere but apt; tests/browser/axe.txt names the one file that a test takes from PyPI.

# One package a line: what it is for (build, run, check, peers), its name, the reason. a|b: any of them serves, the first
# is the one that is installed.
packages() {
	cat <<'END'
build gcc                  compiles C11
build libc6-dev            headers of the C library
build make                 runs the build
build git                  names the commit in every result
build libhwloc-dev         cores, caches, NUMA nodes, binding
build libjansson-dev       records are JSON
build libinih-dev          job files are INI
build opencl-c-headers     declarations of OpenCL
run ocl-icd-libopencl1|nvidia-libopencl1  finds OpenCL drivers
run pocl-opencl-icd        makes the CPU an OpenCL device
run gnuplot-nox|gnuplot-qt|gnuplot-x11  the plots of a report
run hwloc-nox|hwloc        lstopo draws the machine
run libopenblas0-pthread|libopenblas0-openmp|libopenblas0-serial  the BLAS that a user would pick
check libcmocka-dev        unit tests
check g++                  device texts as C++, to run them without a device
check clang                the second compiler
check clang-format         the form of C sources
check clang-tidy           static checks
check cppcheck             static checks
check shellcheck           static checks of scripts
check jq                   tests read records with it
check python3              tests make topologies and check records with it
check procps               tests look for processes that should be gone
check chromium             shows the HTML report
check chromium-driver      drives it
check python3-selenium     drives it
check python3-pip          fetches the accessibility checker, once
check fonts-dejavu-core    letters for the browser
check mandoc               finds faults in the man page
check oclgrind             races and stray accesses in OpenCL kernels
check libopenblas-pthread-dev|libopenblas-openmp-dev|libblas-dev  the real cblas.h, and OpenBLAS for its test
check libdnnl-dev          the real dnnl.h, and oneDNN for its test
check libclblast-dev       the real clblast_c.h, and CLBlast for its test
check libcurl4-openssl-dev|libcurl4-gnutls-dev  the real curl.h
check openssl              a certificate for the BMC of a test
check libblis4-openmp|libblis4-pthread  BLIS for its test
peers libblis4-openmp|libblis4-pthread  BLIS, to compare with
peers libdnnl2|libdnnl3.6  oneDNN, to compare with
peers libclblast1          CLBlast, to compare with
peers openmpi-bin          runs the Open MPI program to compare with
peers libopenmpi-dev       compiles it
peers python3              arithmetic of the comparison
END
}

# Is a package of that name installed?
installed() {
	dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

# Prints "package reason" for each package of the given kinds of which no alternative is installed.
missing_packages() {
	local kind names reason name wanted
	wanted=" $* "
	packages | while read -r kind names reason; do
		[[ $wanted == *" $kind "* ]] || continue
		for name in ${names//|/ }; do
			installed "$name" && continue 2
		done
		echo "${names%%|*} $reason"
	done
}

# setup INSTALL(yes|no) KIND.. - says what is missing and why, and installs it. Returns 0 when nothing is missing any
# more, 1 when something still is, with the command that would help.
setup() {
	local install=$1 list names as_root=()
	shift
	if ! command -v dpkg-query >/dev/null; then
		echo "setup: this is not Debian; what these packages hold is needed, and was not looked for:" >&2
		packages | while read -r _ names reason; do printf '  %-24s %s\n' "${names%%|*}" "$reason"; done >&2
		[ "$install" = yes ]
		return
	fi
	list=$(missing_packages "$@")
	[ -n "$list" ] || { echo "setup: nothing is missing"; return 0; }

	echo "setup: missing packages:"
	while read -r name reason; do printf '  %-24s %s\n' "$name" "$reason"; done <<<"$list"
	names=$(cut -d ' ' -f 1 <<<"$list" | paste -s -d ' ')
	[ "$install" = yes ] || return 1

	if [ "$(id -u)" -ne 0 ]; then
		as_root=(sudo)
		if ! command -v sudo >/dev/null; then
			echo "setup: only root can install them and there is no sudo; as root, run: apt-get install $names" >&2
			return 1
		fi
	fi
	as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
	# shellcheck disable=SC2086 # names are words
	if ! { "${as_root[@]}" update && "${as_root[@]}" install --no-install-recommends $names; }; then
		echo "setup: apt-get failed (above); as root, run: apt-get update && apt-get install $names" >&2
		return 1
	fi
}
