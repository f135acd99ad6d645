#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What make install puts in place, moved to another folder: the program, its suites and those of the site, the man page,
# the completion in a real bash, and make uninstall. Also wattmark explain. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
export LC_ALL=C
build=${B:-build}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0 bad=0

result() { # status name: what it printed stands in $scratch/log
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/log"
		bad=1
	fi
}
skip() { # name reason
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}
# Its standard output stands in $scratch/out; nothing may be on standard error.
quiet() { "$@" >"$scratch/out" 2>"$scratch/log" && [ ! -s "$scratch/log" ]; }
holds() { grep -qF -- "$1" "$scratch/out" || { echo "no '$1' in:" && cat "$scratch/out"; } >>"$scratch/log"; [ ! -s "$scratch/log" ]; }

# Installs what is built; nothing is compiled here, whatever the flags were.
in_tree() { env -u MAKEFLAGS make --no-print-directory -s -o all -o "$build/wattmark" B="$build" "$@"; }

# ---- install, and away ---------------------------------------------------------------------------------------

rm -f "$build/wattmark.1" "$build/wattmark.bash"
in_tree install DESTDIR="$scratch/a stage" PREFIX=/opt/wattmark >"$scratch/log" 2>&1
result $? "make install"
[ $bad -eq 0 ] || { echo "Bail out! nothing is installed" && exit 1; }
mv "$scratch/a stage/opt/wattmark" "$scratch/moved [1]"
home="$scratch/moved [1]"
wattmark=$home/bin/wattmark

: >"$scratch/log"
for file in bin/wattmark share/man/man1/wattmark.1 share/bash-completion/completions/wattmark \
	share/wattmark/suites/quick.ini share/wattmark/reference/accelerators.ini \
	share/doc/wattmark/README.md share/doc/wattmark/results/schema.json; do
	[ -s "$home/$file" ] || echo "$file is not there" >>"$scratch/log"
done
[ ! -s "$scratch/log" ]
result $? "program, man page, completion, suites, reference data and documents are in place"

(cd / && quiet "$wattmark" list suites) && holds smoke
result $? "it lists its suites far from the tree"

# ---- suites of a site ----------------------------------------------------------------------------------------

plan() { (cd / && quiet "$wattmark" run "$1" --dry-run --device host); }
printf '; the nodes of this site\n[x]\nbench = gemm\nm = 40\nimpl = ref\n' >"$home/share/wattmark/suites/site.ini"
(cd / && quiet "$wattmark" list suites) && holds "$home/share/wattmark/suites/site.ini"
result $? "a suite that a site added is listed with its file"
plan site && holds gemm:m=40
result $? "and runs by its name"

echo nonsense >>"$home/share/wattmark/suites/site.ini"
(cd / && "$wattmark" run site --dry-run >"$scratch/out" 2>&1)
[ $? -eq 2 ] && : >"$scratch/log" && holds "$home/share/wattmark/suites/site.ini:6: "
result $? "an error in it is said with file and line"

plan smoke && cp "$scratch/out" "$scratch/before" && echo nonsense >"$home/share/wattmark/suites/smoke.ini" &&
	plan smoke && diff "$scratch/before" "$scratch/out" >"$scratch/log"
result $? "a copy of a built-in suite that was changed changes nothing"

(cd / && "$wattmark" run sitee --dry-run >"$scratch/out" 2>&1)
[ $? -eq 2 ] && : >"$scratch/log" && holds "did you mean 'site'?"
result $? "a wrong name is answered with the nearest"

# ---- the man page --------------------------------------------------------------------------------------------

page=$home/share/man/man1/wattmark.1
if command -v mandoc >/dev/null; then
	# the tables hold no date
	mandoc -Tlint "$page" 2>&1 | grep -v 'missing date' >"$scratch/log"
	[ ! -s "$scratch/log" ]
	result $? "mandoc finds nothing in the man page"
else
	skip "mandoc finds nothing in the man page" "mandoc is not installed"
fi
if command -v man >/dev/null && command -v groff >/dev/null; then
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" >"$scratch/out" 2>"$scratch/log" && [ ! -s "$scratch/log" ] &&
		holds "--time-budget SECONDS"
	result $? "man shows it without a warning"
else
	skip "man shows it without a warning" "man or groff is not installed"
fi

# ---- the completion ------------------------------------------------------------------------------------------

# What a bash offers for the words of a line, of which the last is being typed, sorted on one line.
cat >"$scratch/complete" <<'END'
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_wattmark
printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -s -d ' '
END
offers() { # expected word..
	local expected=$1 got
	shift
	got=$(cd "$scratch/here" && bash --norc "$scratch/complete" "$home/share/bash-completion/completions/wattmark" "$@" \
		2>"$scratch/log")
	[ "$got" = "$expected" ] || echo "'$got' instead of '$expected'" >>"$scratch/log"
	[ ! -s "$scratch/log" ]
	result $? "completes: ${*@Q}"
}
mkdir -p "$scratch/here/bundle" "$scratch/here/sub"
touch "$scratch/here/my.ini" "$scratch/here/notes.txt"
offers "docs doctor" wattmark "do"
offers "--profile" wattmark run --pro
offers "nightly published quick smoke standard" wattmark run --profile ""
offers "quick" wattmark run --profile = q
offers "" wattmark run --seed ""
offers "ref/simd" wattmark run --impl ref/si
offers "my.ini" wattmark run my
offers "quick" wattmark run -q qui
offers "bundle sub" wattmark report ""
offers "table" wattmark report bundle --format t
offers "notes.txt" wattmark run --topology n
offers "" wattmark run gemm : m
offers "" wattmark run gemm : m = 1
offers "completion man" wattmark docs ""
offers "time.max_s time.median_s time.min_s" wattmark explain time.m

# ---- explain -------------------------------------------------------------------------------------------------

quiet "$wattmark" explain median_s && holds "time.median_s: field of a record" && holds "median_s: column of csv" &&
	holds "in seconds per operation"
result $? "explain tells every meaning of a name, with its unit"
quiet "$wattmark" explain && holds "'B/s bus'" && holds "segments.environment.governor" && holds "gemm.trans"
result $? "explain alone lists all names"
"$wattmark" explain time.medain_s >"$scratch/out" 2>"$scratch/log"
[ $? -eq 2 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/log")" -eq 1 ] &&
	grep -qF "did you mean 'time.median_s'?" "$scratch/log"
result $? "an unknown name ends with 2 and the nearest one"

# ---- uninstall -----------------------------------------------------------------------------------------------

mv "$home" "$scratch/a stage/opt/wattmark"
in_tree uninstall DESTDIR="$scratch/a stage" PREFIX=/opt/wattmark >"$scratch/log" 2>&1 &&
	(cd "$scratch/a stage/opt/wattmark" && find . ! -type d) >"$scratch/left" &&
	diff - "$scratch/left" <<<./share/wattmark/suites/site.ini >>"$scratch/log"
result $? "make uninstall leaves the suite of the site alone, and nothing else"

echo "1..$number"
exit $bad
