"""Made stores to measure on: the bytes are the machine's, the shape is fixed.

Each function fills a directory once (a second call finds it done) and gives
the closure graph's file. Store paths are called as Nix calls them.
"""
import hashlib
import json
import os
import random
import shutil

ROOTS = ("/usr/lib", "/usr/share", "/usr/include", "/usr/local")
# Larger files are left out: a mean of some 20 KiB is what closures have.
LARGEST = 4 << 20


def store_path(directory, name):
    digits = hashlib.sha256(name.encode()).hexdigest()[:32]
    return os.path.join(directory, "store", f"{digits}-{name}")


def once(make):
    """Wraps a function that fills a directory, so that it does so once."""
    def made(directory, *arguments):
        done = os.path.join(directory, "done")
        if not os.path.exists(done):
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(os.path.join(directory, "store"))
            make(directory, *arguments)
            open(done, "w").close()
        return os.path.join(directory, "graph.json")
    return made


def write_graph(directory, paths, references):
    with open(os.path.join(directory, "graph.json"), "w") as file:
        json.dump([{"path": path, "references": references(index)} for index, path in enumerate(paths)], file)


def machine_files(roots=ROOTS):
    """The regular files and symlinks of the machine, in a stable order."""
    for root in roots:
        for directory, directories, names in os.walk(root):
            directories.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                if os.path.islink(path) or (os.path.isfile(path) and os.path.getsize(path) <= LARGEST):
                    yield path


def copy_file(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return 0
    shutil.copyfile(source, target)
    os.chmod(target, 0o555 if os.access(source, os.X_OK) else 0o444)
    return os.path.getsize(target)


def take_files(size, count):
    """As many of the machine's files as make up a size and a number, from
    the start again where they do not; with their names in the store."""
    total = taken = turn = 0
    while total < size or taken < count:
        before = taken
        for source in machine_files():
            yield source, f"{turn}{source}"
            total += 0 if os.path.islink(source) else os.path.getsize(source)
            taken += 1
            if total >= size and taken >= count:
                return
        if taken == before:
            raise SystemExit(f"no files are found in {' '.join(ROOTS)}")
        turn += 1


@once
def closure(directory, paths=140, size=1_600_000_000, count=75_000):
    """A closure of real files: `size` bytes and `count` files at least."""
    files = list(take_files(size, count))
    places = [store_path(directory, f"package-{number}") for number in range(paths)]
    for index, (source, name) in enumerate(files):
        copy_file(source, os.path.join(places[index * paths // len(files)], name))
    chance = random.Random(1)
    write_graph(directory, places, lambda index: [places[chance.randrange(index)] for _ in range(min(index, 5))])


@once
def small_files(directory, count=200_000):
    """One path with many files of a few bytes."""
    path = store_path(directory, "small")
    for number in range(count):
        place = os.path.join(path, f"{number // 500:03}")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"{number % 500:03}"), "w") as file:
            file.write(f"{number}\n")
    write_graph(directory, [path], lambda _: [])


@once
def huge_files(directory, paths=4, size=450_000_000):
    """Paths with one file each that is large and not sparse."""
    places = [store_path(directory, f"huge-{number}") for number in range(paths)]
    for place in places:
        os.makedirs(place)
        with open(os.path.join(place, "file"), "wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))
    write_graph(directory, places, lambda _: [])


@once
def large_graph(directory, paths=20_000, references=400_000):
    """A graph of paths that do not exist, and a layers file that has them
    all: nothing is left to pack, so that only the order is computed."""
    names = [store_path(directory, f"node-{number}") for number in range(paths)]
    chance = random.Random(2)
    each = references // paths
    write_graph(directory, names, lambda index: [names[chance.randrange(index)] for _ in range(each)] if index else [])
    empty = "sha256:" + hashlib.sha256(b"").hexdigest()
    layer = {"digest": empty, "size": 0, "diff_ids": empty, "paths": [{"path": name} for name in names],
             "mediatype": "application/vnd.oci.image.layer.v1.tar", "History": {}}
    with open(os.path.join(directory, "parents.json"), "w") as file:
        json.dump([layer], file)
