"""Proof of the oracle: it answers the golden cases as the reference did.

Takes the oracle and a directory to work in; raises Difference at the first
answer that is not the golden one. Gives the numbers of cases and images.
"""
import json
import os
import subprocess
import sys

from compare import Difference, call, content

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")


def expect(expected, got, what):
    if expected != got:
        raise Difference(f"golden {what}: expected {expected!r}, got {got!r}")


def layers(oracle, directory, case):
    out = lambda name: os.path.join(directory, name.replace(" ", "-"))
    words = [oracle, "layers", out(case["name"]), os.path.join(directory, "made", case["graph"])]
    words += [out(parent) for parent in case["parents"]] + ["--max-layers", str(case["max_layers"])]
    for key in ("rewrites", "perms", "history"):
        file = os.path.join(directory, key)
        with open(file, "w") as opened:
            json.dump(case[key], opened)
        words += ["--" + key, file]
    if case["ignore"]:
        words += ["--ignore", case["ignore"]]
    if case["tar_directory"]:
        os.mkdir(os.path.join(directory, "tars"))
        words += ["--tar-directory", os.path.join(directory, "tars")]
    reply = call(words)
    expect(1 if case.get("error") else 0, reply.returncode, f"{case['name']}, {reply.stderr!r}")
    if case.get("error"):
        return
    text = content(out(case["name"])).decode()
    found = [{"digest": layer["digest"], "size": layer["size"], "paths": len(layer["paths"])} for layer in json.loads(text)]
    expect(case["layers"], found, case["name"])
    if case["layers"] and "layers_json" in case:
        expect(case["layers_json"], text, case["name"])


def image(oracle, directory, case):
    out, config = os.path.join(directory, "image"), os.path.join(directory, "config")
    with open(config, "w") as opened:
        json.dump(case["config"], opened)
    words = [oracle, "image", out, config, *(os.path.join(directory, name.replace(" ", "-")) for name in case["layers"])]
    words += ["--arch", case["arch"]] + (["--created", case["created"]] if case["created"] else [])
    reply = call(words)
    expect(1 if case.get("error") else 0, reply.returncode, f"{case['name']}, {reply.stderr!r}")
    if case.get("error"):
        return
    expect(case["config_blob"], call([oracle, "config", out]).stdout.decode(), case["name"])
    expect(case["manifest"], call([oracle, "manifest", out]).stdout.decode(), case["name"])
    made = json.loads(content(out))
    expect(case["image_config_in_image_json"], made["image-config"], case["name"])
    expect(case["layer_count"], len(made["layers"]), case["name"])


def prove(oracle, directory):
    made = os.path.join(directory, "made")
    subprocess.run([sys.executable, os.path.join(GOLDEN, "make-store.py"), made], check=True)
    text = content(os.path.join(GOLDEN, "cases.json")).decode()
    golden = json.loads(text.replace("@STORE@", os.path.join(made, "store")))
    for case in golden["cases"]:
        layers(oracle, directory, case)
    for case in golden["images"]:
        image(oracle, directory, case)
    return len(golden["cases"]), len(golden["images"])
