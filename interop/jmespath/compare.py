#!/usr/bin/env python3
"""Compares Veritee's JMESPath with the Python library `jmespath`, over generated expressions.

    compare.py PROGRAM [CASES] [SEED]      PROGRAM is crates/policy/examples/jmespath.rs, built

Fails for a difference that no listed reason explains, and for a listed reason that no case shows. The list is the table in
docs/policy-language.md; a reason explains a difference where the library with that behaviour changed agrees (amended.py).
"""

import json
import pathlib
import re
import subprocess
import sys
from collections import Counter

from amended import REASONS, Implementation, library
from cases import Cases
from values import same

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs/policy-language.md"
PER_DOCUMENT = 20


def listed():
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.split("<!-- JMESPath differences begin -->")[1].split("<!-- JMESPath differences end -->")[0]
    return re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE)


def generate(count, seed):
    cases, made = Cases(seed), []
    while len(made) < count:
        document = json.dumps(cases.document(), ensure_ascii=cases.chance(0.5))
        made += [(document, cases.expression()) for _ in range(PER_DOCUMENT)]
    return made[:count]


def ours(program, cases):
    lines = "".join(json.dumps({"document": d, "expression": e}) + "\n" for d, e in cases)
    ran = subprocess.run([program], input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"{len(answers)} answers to {len(cases)} cases")
    return [("value", json.loads(a["result"])) if "result" in a else ("refused", a["refused"]) for a in answers]


def agree(left, right):
    return left[0] == right[0] and same(left[1], right[1])


def explanation(case, our_outcome):
    """The fewest reasons that together make the library agree; none where all of them do not."""
    for reason in REASONS:
        if agree(Implementation({reason}).outcome(*case), our_outcome):
            return [reason]
    needed = set(REASONS)
    if not agree(Implementation(needed).outcome(*case), our_outcome):
        return []
    for reason in REASONS:
        if agree(Implementation(needed - {reason}).outcome(*case), our_outcome):
            needed.discard(reason)
    return sorted(needed)


def main(program, count="5000", seed="1"):
    cases = generate(int(count), int(seed))
    outcomes = ours(program, cases)
    all_amended = Implementation(REASONS)
    kinds, reasons, examples, failures = Counter(), Counter(), {}, []
    for case, our_outcome in zip(cases, outcomes):
        kinds["a value" if our_outcome[0] == "value" and our_outcome[1] is not None else str(our_outcome[1])] += 1
        theirs = library(*case)
        if agree(theirs, our_outcome):
            # The reasons together must not explain away what is equal.
            if not agree(all_amended.outcome(*case), our_outcome):
                failures.append(("amended", case, our_outcome, all_amended.outcome(*case)))
            continue
        found = explanation(case, our_outcome)
        if not found:
            failures.append(("unlisted", case, our_outcome, theirs))
        for reason in found:
            reasons[reason] += 1
            examples.setdefault(reason, case[1])
    print(f"{len(cases)} cases: ours " + ", ".join(f"{kind} {number}" for kind, number in kinds.most_common()))
    for reason in REASONS:
        print(f"  {reasons[reason]:4} {reason:34} {examples.get(reason, '')[:70]}")
    for kind, (document, expression), our_outcome, theirs in failures[:20]:
        print(f"{kind}: {expression}\n  document {document}\n  ours {our_outcome}\n  theirs {theirs}", file=sys.stderr)
    documented = listed()
    problems = [f"{len(failures)} differences that no reason explains"] if failures else []
    problems += [f"{reason} is in the list and no case shows it" for reason in documented if not reasons[reason]]
    problems += [f"{reason} is not in {DOCUMENT.name}" for reason in reasons if reason not in documented]
    if problems:
        sys.exit("\n".join(problems))
    print(f"{sum(reasons.values())} differences, each with a listed reason")


if __name__ == "__main__":
    main(*sys.argv[1:])
