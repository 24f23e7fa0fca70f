#!/usr/bin/env python3
"""Writes the recordings of a source package as one JSON file.

    convert.py PACKAGE.zip OUTPUT.json

A recording is YAML; the output is a list of {"name", "calls": [{"method", "url", "body", "status", "contentType", "answer"}]},
by name, texts as they were recorded.
"""

import json
import pathlib
import sys
import zipfile

import yaml


def text(body):
    return body.decode("utf-8") if isinstance(body, bytes) else body


def call(interaction):
    request, response = interaction["request"], interaction["response"]
    headers = {name.lower(): value for name, value in response["headers"].items()}
    content_type = headers.get("content-type")
    return {
        "method": request["method"],
        "url": request["uri"],
        "body": text(request["body"]),
        "status": response["status"]["code"],
        "contentType": content_type[0] if isinstance(content_type, list) else content_type,
        "answer": text(response["body"]["string"]),
    }


def main(package, output):
    recordings = []
    with zipfile.ZipFile(package) as files:
        for name in sorted(files.namelist()):
            if "/tests/recordings/" in name and name.endswith(".yaml"):
                loaded = yaml.load(files.read(name), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
                calls = [call(interaction) for interaction in loaded["interactions"]]
                recordings.append({"name": pathlib.PurePath(name).stem, "calls": calls})
    if len(recordings) != 29:
        sys.exit(f"{package}: {len(recordings)} recordings instead of 29")
    pathlib.Path(output).write_text(json.dumps(recordings), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
