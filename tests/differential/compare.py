"""One seed: makes inputs, runs the binary and the oracle on them, compares.

Takes a seed, the two programs and a directory; raises Difference with what
was expected and what came. The binary also has to fail well: exit 1, one line
that starts with `error: `, no output file left.
"""
import hashlib
import json
import os
import random
import subprocess

import images
import inputs
from stores import Store

FAULTS = ["cycle", "missing path", "bad rewrite", "bad perm", "bad mode", "wrong type", "wrong config", "bad created",
          "unknown media type", "few diff IDs"]
UNDEFINED = 3


class Difference(Exception):
    """What the binary did differently."""


def call(words, **options):
    try:
        return subprocess.run(words, capture_output=True, timeout=120, **options)
    except subprocess.TimeoutExpired:
        raise Difference(f"hangs: {words}")


def content(file):
    with open(file, "rb") as opened:
        return opened.read()


def shorten(a, b):
    """The first place where two texts differ, with what is around it."""
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    window = slice(max(0, at - 150), at + 250)
    return f"at byte {at}\nexpected …{a[window]!r}\ngot      …{b[window]!r}"


def same(expected, got, what):
    if expected != got:
        raise Difference(f"{what}: {shorten(expected, got)}")


class Seed:
    def __init__(self, number, programs, directory, jobs):
        self.random = random.Random(number)
        self.binary, self.oracle, self.reference = programs
        self.directory, self.jobs = directory, jobs
        # One seed in six has file names that are not UTF-8, one in five a fault.
        self.foreign = number % 6 == 5
        self.faulty = self.random.choice(FAULTS) if self.random.random() < 0.2 else None
        self.compared = 0

    def file(self, name):
        return os.path.join(self.directory, name)

    def both(self, name, command, oracle_command, operands, options):
        """Runs both programs; gives the file each wrote, or nothing when both
        refuse the input or the facts do not say what to do."""
        expected, got = self.file(name + ".oracle"), self.file(name + ".binary")
        reply = call([self.oracle, oracle_command, expected, *operands, *options])
        answer = call([self.binary, command, got, *operands, *options])
        self.settle(reply, answer, got, f"{command} {operands} {options}")
        if reply.returncode != 0:
            return None
        same(content(expected), content(got), f"{name} of {command} {operands} {options}")
        self.compared += 1
        return got

    def settle(self, reply, answer, out, what):
        """Compares exit status and the manner of failing."""
        # A value of the command line itself is refused with the status for wrong usage.
        status = 1 if answer.returncode == 2 and b"'--created" in answer.stderr else answer.returncode
        if status not in (0, 1):
            raise Difference(f"{what}: exit {answer.returncode}: {answer.stderr!r}")
        if answer.returncode == 1:
            lines = answer.stderr.splitlines()
            if len(lines) != 1 or not lines[0].startswith(b"error: ") or os.path.lexists(out):
                raise Difference(f"{what}: fails badly: {answer.stderr!r}, output left: {os.path.lexists(out)}")
        if reply.returncode not in (UNDEFINED, status):
            raise Difference(f"{what}: expected exit {reply.returncode} ({reply.stderr!r}), "
                             f"got {answer.returncode} ({answer.stderr!r})")

    def layers(self, name, store, paths, parents):
        """One call of the layers command with random inputs."""
        options = []
        for key, value in (("rewrites", inputs.rewrites(self.random, store.directory, paths, self.faulty)),
                           ("perms", inputs.perms(self.random, paths, self.faulty)),
                           ("history", inputs.history(self.random, images.CREATED))):
            if value or self.random.random() < 0.3:
                options += ["--" + key, images.write(self.file(f"{name}.{key}"), value)]
        if self.random.random() < 0.8:
            options += ["--max-layers", str(self.random.choice([1, 2, 3, 4, 100, 0, -1, -7]))]
        if self.random.random() < 0.2:
            options += ["--ignore", self.random.choice(paths)]
        graph = images.write(self.file(name + ".graph"), inputs.graph(self.random, paths, self.faulty))
        if self.random.random() < 0.3:
            return self.kept(name, [graph, *parents], options)
        made = self.both(name, "layers-from-reference-graph", "layers", [graph, *parents], options)
        self.check_jobs(name, made, [graph, *parents, *options])
        if made and not store.special:
            self.check_reference(name, made, [graph, *parents, *options])
        return made

    def kept(self, name, operands, options):
        """A call with a tarball directory: the binary's tarballs are moved away
        so that both programs write to the same place."""
        directory, moved = self.file(name + ".tars"), self.file(name + ".tars.binary")
        options = options + ["--tar-directory", directory]
        os.mkdir(directory)
        got = self.file(name + ".binary")
        answer = call([self.binary, "layers-from-reference-graph", got, *operands, *options])
        os.rename(directory, moved)
        os.mkdir(directory)
        expected = self.file(name + ".oracle")
        reply = call([self.oracle, "layers", expected, *operands, *options])
        self.settle(reply, answer, got, f"kept layers {operands} {options}")
        if reply.returncode != 0:
            return None
        same(content(expected), content(got), f"{name} with tarballs {operands} {options}")
        same(sorted(os.listdir(directory)), sorted(os.listdir(moved)), f"{name}: names of tarballs")
        for tarball in os.listdir(directory):
            same(content(os.path.join(directory, tarball)), content(os.path.join(moved, tarball)), f"{name}: {tarball}")
        self.compared += 1
        return got

    def check_jobs(self, name, made, words):
        """Any number of jobs gives the same file."""
        for jobs in self.jobs if made else []:
            again = self.file(f"{name}.jobs{jobs}")
            answer = call([self.binary, "layers-from-reference-graph", again, *words, "--jobs", str(jobs)])
            if answer.returncode != 0:
                raise Difference(f"{name} with {jobs} jobs: {answer.stderr!r}")
            same(content(made), content(again), f"{name} with {jobs} jobs")

    def check_reference(self, name, made, words):
        if not self.reference:
            return
        out = self.file(name + ".reference")
        reply = call([self.reference, "layers-from-reproducible-storepaths", out, *words])
        if reply.returncode != 0:
            raise Difference(f"{name}: the reference fails: {reply.stderr!r}")
        # Where no layer is left the reference writes `null`.
        same(b"[]" if content(out) == b"null" else content(out), content(made), f"{name}, reference")

    def base(self):
        """A base image, through a directory or through its manifest."""
        directory = self.file("base")
        files = images.base(self.random, directory, self.faulty)
        if self.random.random() < 0.5:
            return self.both("base", "image-from-dir", "image-from-dir", [directory], [])
        operands = [os.path.join(directory, "manifest.json"), images.write(self.file("base.blobs"), files)]
        return self.both("base", "image-from-manifest", "image-from-manifest", operands, [])

    def image(self, layers):
        options = []
        if self.random.random() < 0.7:
            options += ["--arch", self.random.choice(["amd64", "arm64", "riscv64"])]
        if self.faulty == "bad created":
            options += ["--created", self.random.choice(images.BAD_CREATED)]
        elif self.random.random() < 0.7:
            options += ["--created", self.random.choice(images.CREATED)]
        base = self.base() if self.random.random() < 0.4 else None
        if base:
            options += ["--from-image", base]
        config = images.write(self.file("config"), images.config(self.random, self.faulty))
        made = self.both("image", "image", "image", [config, *layers], options)
        if made:
            self.blobs(made)

    def blobs(self, image):
        """Config, manifest, and every layer's blob by its digest."""
        for command in ("config", "manifest"):
            expected, got = call([self.oracle, command, image]), call([self.binary, command, image])
            same(expected.stdout, got.stdout, f"{command}, {got.stderr!r}")
        for layer in json.loads(content(image))["layers"]:
            got = call([self.binary, "blob", image, layer["digest"]])
            what = f"blob {layer['digest']}, {got.stderr!r}"
            same("sha256:" + hashlib.sha256(got.stdout).hexdigest(), layer["digest"], what)
            if len(got.stdout) != layer["size"] or got.returncode != 0:
                raise Difference(f"{what}: {len(got.stdout)} bytes, expected {layer['size']}, exit {got.returncode}")

    def run(self):
        store = Store(self.random, self.directory, self.foreign, tidy=self.random.random() < 0.6)
        paths = [store.store_path() for _ in range(self.random.choice([1, 2, 3, 5, 8, 12]))]
        parents = []
        if self.random.random() < 0.4:
            some = self.random.sample(paths, self.random.randint(1, len(paths)))
            parents = [made for made in [self.layers("parent", store, some, [])] if made]
        made = self.layers("layers", store, paths, parents)
        lists = parents + ([made] if made else [])
        self.image(self.random.sample(lists, self.random.randint(0, len(lists))) + lists[:self.random.randint(0, 1)])
        return self.compared
