#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema_check.py SCHEMA BUNDLE - holds every line of a bundle against results/schema.json; prints TAP.

Python's standard library has no JSON Schema. This knows the words that results/schema.json uses and refuses any
other, so that a rule which is written there is never passed over in silence.
"""
import json
import os
import re
import sys

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}
WITHOUT_EFFECT = {"$schema", "$comment", "$defs", "title", "description"}


def errors(rule, value, root, at):
    """Yields "PLACE: what is wrong" for every rule that the value breaks."""
    for word, limit in rule.items():
        if word in WITHOUT_EFFECT:
            continue
        if word not in RULES:
            raise SystemExit(f"schema_check.py does not know the word {word!r} of the schema")
        yield from RULES[word](limit, value, root, at, rule)


def check_ref(limit, value, root, at, _rule):
    target = root
    for part in limit.removeprefix("#/").split("/"):
        target = target[part]
    yield from errors(target, value, root, at)


def check_type(limit, value, _root, at, _rule):
    names = [limit] if isinstance(limit, str) else limit
    if not any(TYPES[name](value) for name in names):
        yield f"{at}: {json.dumps(value)[:60]} is not of type {' or '.join(names)}"


def check_any_of(limit, value, root, at, _rule):
    """Of several forms none fits: the complaints of the one that comes nearest say most."""
    found = [list(errors(form, value, root, at)) for form in limit]
    if all(found):
        yield from min(found, key=len)


def check_properties(limit, value, root, at, _rule):
    for key, rule in limit.items():
        if isinstance(value, dict) and key in value:
            yield from errors(rule, value[key], root, f"{at}.{key}")


def check_required(limit, value, _root, at, _rule):
    for key in limit:
        if isinstance(value, dict) and key not in value:
            yield f"{at}: no {key!r}"


def check_additional(limit, value, _root, at, rule):
    if limit is not False:
        raise SystemExit("schema_check.py knows additionalProperties only as false")
    for key in value if isinstance(value, dict) else ():
        if key not in rule["properties"]:
            yield f"{at}: {key!r} is not in the schema"


def check_items(limit, value, root, at, _rule):
    for i, item in enumerate(value if isinstance(value, list) else ()):
        yield from errors(limit, item, root, f"{at}[{i}]")


def when(fits, breaks, text):
    """A rule that only says something of values for which fits() holds."""
    def check(limit, value, _root, at, _rule):
        if fits(value) and breaks(limit, value):
            yield f"{at}: {json.dumps(value)[:60]} {text} {json.dumps(limit)}"
    return check


RULES = {
    "$ref": check_ref,
    "type": check_type,
    "anyOf": check_any_of,
    "properties": check_properties,
    "required": check_required,
    "additionalProperties": check_additional,
    "items": check_items,
    "const": when(lambda v: True, lambda limit, v: v != limit, "is not"),
    "enum": when(lambda v: True, lambda limit, v: v not in limit, "is none of"),
    "pattern": when(TYPES["string"], lambda limit, v: not re.search(limit, v), "does not match"),
    "minimum": when(TYPES["number"], lambda limit, v: v < limit, "is below"),
    "maximum": when(TYPES["number"], lambda limit, v: v > limit, "is above"),
    "exclusiveMinimum": when(TYPES["number"], lambda limit, v: v <= limit, "is not above"),
    "minItems": when(TYPES["array"], lambda limit, v: len(v) < limit, "has fewer items than"),
}


def lines(path):
    """(line number, text) of every line; the last may lack its newline."""
    with open(path, encoding="utf-8") as file:
        yield from enumerate(file, 1)


def torn_lines(path):
    """Lines that a resume mark says are torn: from the one it names to the mark."""
    torn = set()
    for number, text in lines(path):
        try:
            first = json.loads(text).get("torn_line")
        except ValueError:
            continue
        if first:
            torn.update(range(first, number))
    return torn


def check_lines(path, rule, root, torn=frozenset()):
    for number, text in lines(path):
        if number in torn:
            continue
        try:
            value = json.loads(text)
        except ValueError as error:
            yield f"{path}:{number}: {error}"
            continue
        yield from (f"{path}:{number}: {error}" for error in errors(rule, value, root, "record"))


def check_run(path, root):
    with open(path, encoding="utf-8") as file:
        yield from (f"{path}: {error}" for error in errors(root["$defs"]["run"], json.load(file), root, "run"))


def check_pairs(bundle, torn):
    """Exactly one final record for each planned (case, replicate) of a complete run, and none twice in any."""
    with open(os.path.join(bundle, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    cases = [json.loads(text)["case"] for _, text in lines(os.path.join(bundle, "cases.jsonl"))]
    seen = {}
    path = os.path.join(bundle, "records.jsonl")
    for number, text in lines(path):
        if number in torn:
            continue
        record = json.loads(text)
        if "schema" in record:
            pair = (record["case"], record["replicate"])
            if pair in seen:
                yield f"{path}:{number}: a second record of {pair}; the first is on line {seen[pair]}"
            seen[pair] = number
    planned = {(case, replicate) for case in cases for replicate in range(run["replicates"])}
    if len(planned) != run["planned"]:
        yield f"run.json plans {run['planned']} records, cases.jsonl {len(planned)}"
    yield from (f"{path}:{seen[pair]}: {pair} was not planned" for pair in seen if pair not in planned)
    if run["outcome"] == "complete":
        yield from (f"{path}: no record of {pair}" for pair in sorted(planned - set(seen)))


def main():
    schema, bundle = sys.argv[1:]
    with open(schema, encoding="utf-8") as file:
        root = json.load(file)
    records = os.path.join(bundle, "records.jsonl")
    cases = os.path.join(bundle, "cases.jsonl")
    torn = torn_lines(records)
    tests = [
        ("run.json keeps the schema", list(check_run(os.path.join(bundle, "run.json"), root))),
        ("cases.jsonl keeps the schema", list(check_lines(cases, root["$defs"]["case"], root))),
        ("records.jsonl keeps the schema", list(check_lines(records, root, root, torn))),
    ]
    if not tests[2][1]:
        tests.append(("one final record for each planned case and replicate", list(check_pairs(bundle, torn))))
    print(f"1..{len(tests)}")
    for number, (name, found) in enumerate(tests, 1):
        print(f"{'not ok' if found else 'ok'} {number} - {name}")
        for line in found[:20]:
            print(f"# {line}")
    return int(any(found for _, found in tests))


if __name__ == "__main__":
    sys.exit(main())
