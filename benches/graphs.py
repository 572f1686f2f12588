"""Writes closure graphs of several hundred paths, made of Debian's packages.

A package stands for a store path: its size is `Installed-Size`, it refers to
what `Depends` and `Pre-Depends` name, and its hash covers its version and its
references, so that a new version changes everything above it, as in Nix.
Packages that depend on each other in a circle are one path.

For each image of IMAGES the directory gets `NAME.json`, and the same image with
a change: `NAME.app-0.json`, another version of the application;
`NAME.one-N.json`, of one package at random; `NAME.security-N.json`, of one
package that had a security update since the point release. Each path is there,
as an empty file, for layers to be packed of.
"""

import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys

LISTS = pathlib.Path("/var/lib/apt/lists")

# Each image is an application of 2 MB on these packages.
IMAGES = {
    "web": ["nginx", "python3-django", "python3-psycopg2", "postgresql-client", "curl"],
    "api": ["python3-flask", "python3-sqlalchemy", "python3-psycopg2", "redis-tools", "curl"],
    "notebook": ["jupyter-notebook", "python3-pandas", "python3-matplotlib", "git"],
    "media": ["ffmpeg", "imagemagick", "python3-pil", "ghostscript"],
    "java": ["openjdk-17-jre", "maven", "git", "curl"],
    "office": ["libreoffice-calc", "texlive-latex-base", "poppler-utils"],
}
CHANGES = 8


def packages(suite):
    """The packages of a suite: name to (version, bytes, names it depends on)."""
    found, provides = {}, {}
    for index in sorted(LISTS.glob(f"*debian*_dists_{suite}_main_binary-amd64_Packages*")):
        text = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", index], check=True, capture_output=True, text=True
        ).stdout
        for stanza in text.split("\n\n"):
            field = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.M))
            if "Package" not in field:
                continue
            name = field["Package"]
            wanted = ", ".join(filter(None, (field.get("Pre-Depends"), field.get("Depends"))))
            found[name] = (field["Version"], int(field.get("Installed-Size", 0)) * 1024, wanted)
            for virtual in re.findall(r"([a-z0-9.+-]+)(?: \(.*?\))?(?:,|$)", field.get("Provides", "")):
                provides.setdefault(virtual, name)
    return found, provides


def closure(roots, found, provides):
    """The names that each package of the closure refers to."""
    references, todo = {}, list(roots)
    while todo:
        name = todo.pop()
        if name in references:
            continue
        references[name] = set()
        for group in found[name][2].split(","):
            options = [re.split(r"[ :(]", option.strip())[0] for option in group.split("|")]
            known = [option if option in found else provides.get(option) for option in options]
            chosen = next(filter(None, known), None)
            if chosen and chosen != name:
                references[name].add(chosen)
        todo.extend(references[name])
    return references


def components(references):
    """Tarjan: the strongly connected components, dependencies first."""
    sys.setrecursionlimit(100_000)
    index, low, stack, on_stack, result = {}, {}, [], set(), []

    def visit(name):
        index[name] = low[name] = len(index)
        stack.append(name)
        on_stack.add(name)
        for other in sorted(references[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in on_stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            members = stack[stack.index(name):]
            del stack[stack.index(name):]
            on_stack.difference_update(members)
            result.append(sorted(members))

    for name in sorted(references):
        if name not in index:
            visit(name)
    return result


def graph(store, found, references, changed=()):
    """The closure graph, with the version of some packages changed."""
    path_of, elements = {}, []
    for members in components(references):
        outside = {other for name in members for other in references[name]} - set(members)
        below = sorted({path_of[other] for other in outside})
        versions = [found[name][0] + (" changed" if name in changed else "") for name in members]
        digest = hashlib.sha256(json.dumps([members, versions, below]).encode()).hexdigest()[:32]
        version = re.sub(r"[^A-Za-z0-9.+-]", "-", versions[0])
        path = f"{store}/{digest}-{members[0]}-{version}"
        pathlib.Path(path).touch()
        path_of.update(dict.fromkeys(members, path))
        size = sum(found[name][1] for name in members)
        elements.append({"path": path, "references": below, "narSize": size})
    return sorted(elements, key=lambda element: element["path"])


def make(directory):
    """Fills the directory, and gives each image with its changes."""
    store = directory / "store"
    store.mkdir(parents=True)
    security, _ = packages("bookworm-security")
    for image, roots in IMAGES.items():
        app = {"app": ("1.0", 2_000_000, ", ".join(roots))}

        def write(name, elements):
            (directory / f"{image}{name}.json").write_text(json.dumps(elements))

        release, provides = packages("bookworm")
        release |= app
        references = closure(["app"], release, provides)
        write("", graph(store, release, references))
        write(".app-0", graph(store, release, references, {"app"}))
        for number in range(CHANGES):
            one = random.Random(f"{image}{number}").choice(sorted(references))
            write(f".one-{number}", graph(store, release, references, {one}))
        updated = sorted(name for name in references if name in security and security[name][0] != release[name][0])
        for number, name in enumerate(updated):
            write(f".security-{number}", graph(store, release, references, {name}))
