#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The two container recipes, looked at and not run: known instructions, the same base and packages, the program of make
# portable. Prints TAP.
# May run beside other tests: no figure counts here.
set -u
folder=scripts/container
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0 bad=0

result() { # status name
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$scratch/log"
		bad=1
	fi
}

# One instruction a line: comments out, continued lines joined.
joined() { grep -v '^ *#' "$1" | sed -e :a -e '/\\$/N; s/\\\n */ /; ta' | grep -v '^ *$'; }
docker() { joined "$folder/Dockerfile"; }
apptainer() { joined "$folder/wattmark.def"; }
packages() { grep -oE 'apt-get install [^&]*' | tr -s ' ' '\n' | grep -vE '^(apt-get|install|-y|--.*)$' | sort; }

docker | grep -vE '^(FROM|RUN|COPY|WORKDIR|ENTRYPOINT|CMD) ' >"$scratch/log"
[ ! -s "$scratch/log" ] && [ "$(docker | head -n 1 | cut -d ' ' -f 1)" = FROM ]
result $? "Dockerfile: known instructions, the base first"

docker | sed -nE 's/^(ENTRYPOINT|CMD) //p' | while read -r list; do
	jq -e 'type == "array"' <<<"$list" 2>&1
done | grep -v true >"$scratch/log"
[ ! -s "$scratch/log" ]
result $? "Dockerfile: the program is started without a shell"

apptainer | grep -E '^[^ ]' | grep -vE '^(Bootstrap: docker|From: [a-z0-9:-]+|%(files|post|runscript))$' >"$scratch/log"
[ ! -s "$scratch/log" ]
result $? "Apptainer: known headers and sections"

{
	diff <(docker | sed -nE 's/^FROM //p') <(apptainer | sed -nE 's/^From: //p')
	diff <(docker | packages) <(apptainer | packages)
	[ "$(docker | packages | wc -l)" -ge 4 ] || echo "hardly any packages"
} >"$scratch/log"
[ ! -s "$scratch/log" ]
result $? "both have the same base and the same packages"

{
	grep -qE '^    build/portable/wattmark /usr/local/bin/wattmark$' "$folder/wattmark.def" || echo "Apptainer: no program"
	grep -qE '^COPY wattmark /usr/local/bin/wattmark$' "$folder/Dockerfile" || echo "Dockerfile: no program"
	grep -qE "docker build .* build/portable$" "$folder/Dockerfile" || echo "Dockerfile: another context"
	grep -qF 'cp "$root/root/build/wattmark" "$out/wattmark"' scripts/portable || echo "make portable writes elsewhere"
} >"$scratch/log"
[ ! -s "$scratch/log" ]
result $? "both take the program where make portable leaves it"

echo "1..$number"
exit $bad
