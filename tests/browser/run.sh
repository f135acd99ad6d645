#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The HTML report in a real browser: no request, no error, no overflow at any width, light and dark, accessible,
# printable, and names in records that look like markup stay text. Prints TAP; pages.py does the looking.
# May run beside other tests: no figure counts here.
set -u -o pipefail
here=tests/browser
for program in chromium chromedriver; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done
/usr/bin/python3 -c "import selenium" 2>/dev/null || { echo "1..0 # SKIP no python3-selenium"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
axe=${WM_AXE:-build-check/axe}
"$here/get_axe.sh" "$axe" >&2 && axe=$axe/axe.min.js || axe=

# The same bundle with every device's name replaced by one that looks like markup, in run.json and in the records.
hostile() { # bundle
	cp -r tests/reports/bundle "$1"
	python3 - "$1" <<'END'
import json, pathlib, re, sys
name = re.search(r'^HOSTILE_NAME = (.+)$', pathlib.Path("tests/browser/pages.py").read_text(), re.M)
name = eval(name.group(1))  # our own literal
bundle = pathlib.Path(sys.argv[1])
run = json.loads((bundle / "run.json").read_text())
for device in run["devices"]:
    device["name"] = name
(bundle / "run.json").write_text(json.dumps(run))
lines = []
for line in (bundle / "records.jsonl").read_text().splitlines():
    try:
        record = json.loads(line)
        if "device_name" in record:
            record.update(device_name=name, library=name, impl=name, why=name if record["why"] else "")
        line = json.dumps(record)
    except ValueError:
        pass
    lines.append(line)
(bundle / "records.jsonl").write_text("\n".join(lines) + "\n")
END
}

hostile "$scratch/hostile"
"$WATTMARK" report --format html tests/reports/bundle results/measured/*/ >"$scratch/page.html" 2>"$scratch/errors"
"$WATTMARK" report --format html "$scratch/hostile" >"$scratch/hostile.html" 2>>"$scratch/errors"
# a page of half of what was asked for is not the page that is looked at
[ ! -s "$scratch/errors" ] || { sed 's/^/# /' "$scratch/errors" && echo "Bail out! the reports are not whole" && exit 1; }
/usr/bin/python3 "$here/pages.py" "$scratch/page.html" "$scratch/hostile.html" "$axe" "$scratch/profile"
