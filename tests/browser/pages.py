#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
pages.py PAGE HOSTILE AXE PROFILE - looks at two reports in chromium and prints TAP. PAGE: an ordinary report; HOSTILE:
one of a bundle whose names are HOSTILE_NAME; AXE: axe.min.js, or "" when it could not be had; PROFILE: a folder that
the browser may write into.
"""
import base64
import json
import pathlib
import re
import sys

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

HOSTILE_NAME = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>'&amp;`$(id)"
WIDTHS = (400, 900, 1600)
SCHEMES = ("light", "dark")

number = 0
failed = False


def ok(what, right, *notes):
    global number, failed
    number += 1
    failed |= not right
    print(f"{'ok' if right else 'not ok'} {number} - {what}")
    if not right:
        for note in notes:
            for line in str(note).splitlines()[:40]:
                print(f"# {line}")
    sys.stdout.flush()


def skip(what, why):
    global number
    number += 1
    print(f"ok {number} - {what} # SKIP {why}")


def open_browser(profile):
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={profile}"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def shape(browser, width, scheme):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]})


def load(browser, path):
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())
    # what is folded away is looked at too
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")


def requests(browser, path):
    """What the page asked for, besides itself; the browser's own pages ask for things too."""
    urls = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"] == path.as_uri():
            urls.append(message["params"]["request"]["url"])
    return urls


def background(browser):
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


# The elements that reach past the right edge, but those inside something that scrolls or is cut.
OVERFLOW = """
const wide = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth <= wide) return [];
return [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > wide + 1)
  .slice(0, 10).map(e => e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' +
  Math.round(e.getBoundingClientRect().right)).concat('page ' + document.documentElement.scrollWidth + ' > ' + wide);
"""


def look(browser, path, name):
    load(browser, path)
    ok(f"{name}: no request", (urls := requests(browser, path)) == [path.as_uri()], urls)
    for scheme in SCHEMES:
        for width in WIDTHS:
            shape(browser, width, scheme)
            over = browser.execute_script(OVERFLOW)
            ok(f"{name}: nothing wider than {width} px, {scheme}", over == [], *over)
    errors = [e["message"] for e in browser.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
    ok(f"{name}: nothing on the console", errors == [], *errors)


def colours(browser, path):
    shape(browser, 900, "light")
    load(browser, path)
    light = background(browser)
    shape(browser, 900, "dark")
    dark = background(browser)
    ok("light and dark have their own background", light != dark, light, dark)


def accessible(browser, path, axe, name):
    for scheme in SCHEMES:
        for width in (400, 1600):
            what = f"{name}: axe finds nothing at {width} px, {scheme}"
            if not axe:
                skip(what, "axe.min.js could not be downloaded")
                continue
            shape(browser, width, scheme)
            load(browser, path)
            browser.execute_script(axe)
            result = browser.execute_async_script(
                "const done = arguments[0]; axe.run().then(r => done(r), e => done({error: String(e)}))")
            violations = [f"{v['id']}: {v['help']} ({len(v['nodes'])} places), first {v['nodes'][0]['html'][:200]}"
                          for v in result.get("violations", [])]
            ok(what, "error" not in result and result["passes"] and not violations, result.get("error", ""),
               *violations)


def printed(browser, path):
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    load(browser, path)
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    ok("prints to PDF", pdf.startswith(b"%PDF") and pages >= 1, f"{len(pdf)} bytes, {pages} pages")


def names_stay_text(browser, path):
    load(browser, path)
    ok("a hostile name runs nothing", browser.execute_script("return window.hacked === undefined"))
    ok("a hostile name makes no element",
       browser.execute_script("return document.querySelectorAll('img, [onerror]').length") == 0)
    text = browser.execute_script("return document.body.textContent")
    ok("a hostile name is shown as it is", HOSTILE_NAME in text, text[:2000])


def main():
    page, hostile = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    axe = pathlib.Path(sys.argv[3]).read_text() if sys.argv[3] else ""
    browser = open_browser(sys.argv[4])
    try:
        browser.execute_cdp_cmd("Network.enable", {})
        look(browser, page, "report")
        look(browser, hostile, "hostile report")
        colours(browser, page)
        accessible(browser, page, axe, "report")
        printed(browser, page)
        names_stay_text(browser, hostile)
    finally:
        browser.quit()
    print(f"1..{number}")
    sys.exit(failed)


main()
