"""Random stores: directories of store paths with everything a tarball may meet.

Takes a random generator and a directory; gives the store paths it wrote. File
names are bytes, store paths are text (they stand in JSON). The same generator
state always gives the same store, apart from owners, which no tarball keeps.
"""
import os
import stat

COMMON = [b"bin", b"lib", b"etc", b"share", b"a", b"b", b"run.sh", b"libx.so.1"]
LENGTHS = [1, 2, 49, 50, 98, 99, 100, 101, 154, 155, 156, 200, 254, 255]
SIZES = [0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 10239, 10240, 10241, 65536, 65537]
MODES = [0o444, 0o555, 0o444, 0o555, 0o644, 0o755, 0o600, 0o000, 0o4755, 0o2755, 0o1777, 0o7777]
SPECIAL = " \n\t\r\"'\\<>&$*=~|#%;:`()[]{}^+?.-_,@!\x01\x08\x0c\x1b\x7f"
WIDE = "éüßñ日本語\u2028\u2029\u0301ſK😀\U0010fffd\ufffd\x80"
FOREIGN = [b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf8\x88", b"\xe6\x97", b"ok\xfe", b"\x80\x80"]
PACKAGE = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789+-._?="


class Store:
    """A store below `directory`; `foreign` allows names that are not UTF-8,
    `tidy` gives directories one mode, so that trees can be laid over another."""

    def __init__(self, random, directory, foreign, tidy):
        self.random, self.foreign, self.tidy = random, foreign, tidy
        self.directory = os.path.join(directory, "store")
        self.files, self.special = [], False
        os.makedirs(self.directory)

    def component(self):
        kind = self.random.random()
        if kind < 0.45:
            return self.random.choice(COMMON)
        if kind < 0.60:
            letter = self.random.choice("abcnxyz019")
            return (letter * self.random.choice(LENGTHS)).encode()
        if kind < 0.65 and self.foreign:
            parts = [self.random.choice(FOREIGN + COMMON) for _ in range(self.random.randint(1, 4))]
            return b"".join(parts)
        alphabet = self.random.choice([SPECIAL, WIDE, SPECIAL + WIDE, PACKAGE, PACKAGE])
        length = self.random.choice([1, 3, 8, 20, 60, 120])
        text = "".join(self.random.choice(alphabet) for _ in range(length))
        name = text.encode()[:255].decode(errors="ignore").encode()
        return name + b"_" if name in (b".", b"..", b"") else name

    def mode(self, directory):
        if directory and self.tidy:
            return 0o555
        mode = self.random.choice(MODES) if self.random.random() < 0.9 else self.random.randrange(0o10000)
        # Root reads everything; anybody else needs the permission.
        return mode if os.geteuid() == 0 else mode | (0o500 if directory else 0o400)

    def target(self):
        kind = self.random.random()
        if kind < 0.4:
            return self.random.choice([b"a", b"../lib/x", b"/nix/store/x", b".", b"/"])
        if kind < 0.8:
            return b"t" * self.random.choice([1, 99, 100, 101, 155, 156, 257, 1000, 4000])
        return self.component() + b"/" + self.component()

    def file(self, path):
        """One file of a random kind at a path that does not exist."""
        kind = self.random.random()
        if kind < 0.17:
            os.symlink(self.target(), path)
            return
        if kind < 0.23 and self.files:
            os.link(self.random.choice(self.files), path)
            return
        if kind < 0.25:
            os.mkfifo(path)
            self.special = True
        elif kind < 0.252:
            os.mknod(path, stat.S_IFSOCK | 0o644)
            self.special = True
        elif kind < 0.26 and os.geteuid() == 0:
            self.device(path)
        else:
            self.regular(path)
        os.chmod(path, self.mode(False))

    def device(self, path):
        numbers = os.makedev(self.random.choice([1, 8, 4095]), self.random.choice([0, 3, 255, 70000]))
        try:
            os.mknod(path, self.random.choice([stat.S_IFCHR, stat.S_IFBLK]) | 0o600, numbers)
            self.special = True
        except PermissionError:  # a container may forbid it
            self.regular(path)

    def regular(self, path):
        size = self.random.choice(SIZES[:9]) if self.random.random() < 0.8 else self.random.choice(SIZES)
        with open(path, "wb") as file:
            file.write(self.random.randbytes(size))
        self.files.append(path)
        if os.geteuid() == 0 and self.random.random() < 0.1:
            os.chown(path, 1234, 4321)

    def tree(self, path, depth):
        """A directory with files and directories below it."""
        os.mkdir(path)
        for _ in range(self.random.choice([0, 1, 2, 3, 5]) if depth else 0):
            child = os.path.join(path, self.component())
            if len(child) > 3800 or os.path.lexists(child):
                continue
            if self.random.random() < 0.45:
                self.tree(child, depth - 1)
            else:
                self.file(child)
        os.chmod(path, self.mode(True))

    def chain(self, path):
        """Directories one in another, past every limit of a header."""
        os.mkdir(path)
        for _ in range(self.random.choice([20, 80, 300])):
            path = os.path.join(path, self.random.choice([b"d", b"ee", "ö".encode()]))
            os.mkdir(path)
        self.file(os.path.join(path, b"end"))

    def store_path(self):
        """Writes a store path and gives its name."""
        hash_part = "".join(self.random.choice("0123456789abcdfghijklmnpqrsvwxyz") for _ in range(32))
        alphabet = PACKAGE if self.random.random() < 0.9 else SPECIAL + WIDE
        name = "".join(self.random.choice(alphabet) for _ in range(self.random.choice([1, 8, 20, 50])))
        path = os.path.join(self.directory, hash_part + "-" + name)
        kind, raw = self.random.random(), os.fsencode(path)
        if kind < 0.15:
            self.file(raw)
        elif kind < 0.18:
            self.chain(raw)
        else:
            self.tree(raw, self.random.choice([1, 2, 3, 3, 8]))
        return path
