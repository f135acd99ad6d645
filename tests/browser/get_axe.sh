#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# get_axe FOLDER - puts axe.min.js, the accessibility checker, into a folder unless it is there: downloaded once from
# PyPI, in the version and with the checksum that axe.txt names. Exit status 1 when it cannot be had; pip says why.
set -eu
folder=${1:?usage: get_axe FOLDER}
here=$(dirname "$(readlink -f "$0")")

[ -s "$folder/axe.min.js" ] && exit 0
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m pip download -q --no-deps --require-hashes -r "$here/axe.txt" -d "$scratch"
python3 - "$scratch" <<'END' >"$scratch/axe.min.js"
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
sys.stdout.buffer.write(wheel.read("axe_playwright_python/axe.min.js"))
END
mv "$scratch/axe.min.js" "$folder/axe.min.js"
