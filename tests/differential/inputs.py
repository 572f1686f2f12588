"""Random inputs of the layers command for a store.

Takes a random generator and store paths; gives the closure graph, rewrites,
perms and history as values to be written as JSON. Most are sound, a few are
faulty on purpose: both sides have to refuse those.
"""
import re

PERM_REGEXES = [".*", "", "/bin", "$", "x", "[0-9]", r"\.so", "(?s)^.*$", "/a$", "(?i)LIB", r"\w\W", "[^/]+/b",
                "é|日", r"\p{Greek}|\pL$", "[[:alnum:]]{40}", r"\d\b", r"\S\z", "a{,2}", r"\Qa.b\E"]
PERM_MODES = ["0755", "644", "4755", "1777", "0", "00000755", "07777", "", "", "0600"]
BAD_MODES = ["0o755", "8", "rwx", " 755", "0755 ", "-755"]
NUMBERS = [0, 1, 1000, 65534, 2097151, 2097152, 4294967294, 2**40]
NAMES = ["", "root", "user", "x" * 32, "x" * 33, "grüße", "a b", "a=b\nc", "<&>", "d/" * 20]
BAD_REGEXES = ["(", "[", "a**", "*", "(?P<n", r"\8", "a{1001}", "[z-a]", r"(?=a)", r"\pX", "a++"]
REPLACEMENTS = ["x", "${1}", "$1", "$1x", "${01}", "$0$0", "$$", "$", "${1", "$1ü", "${n}", "$n-", "<&>", "日", ""]
FREE_REGEXES = [r"([a-z])([0-9])", r"\d", r"(?i)LIB", r"(\w+)$", r"[^/a-z]", r"[aeiou]+", r"(?P<n>b)in", r"x*y", r"\s",
                r"\b", r"é|ü", r".$", r"[\n\t ]", r"(?s)-(.)", r"\Q.\E", r"b{,1}", r"[[:punct:]&&[^-/]]", r"\W\W",
                r"(?U)a+", r"\x{65e5}", r"\pL\pN", r"a|ab", r"(a|b)*", r"$", r"\z", r"(?m)$", r"[^\x00-\x{10FFFF}]",
                r"(?<n>share)", r"\.", r"[^[:ascii:]]", r"\101|\a", r"~|_", r"\-|\_|\<|\>|\""]


def quoted(path):
    """The regex that matches just this text, as Go's QuoteMeta would write it."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", path)


def graph(random, paths, faulty):
    """A closure graph over the paths: references to earlier ones, so no cycle
    unless one is asked for."""
    order = random.sample(paths, len(paths))
    elements = []
    for index, path in enumerate(order):
        known = random.sample(order[:index], random.randint(0, min(index, 4)))
        references = known + ([path] if random.random() < 0.3 else [])
        random.shuffle(references)
        elements.append({"path": path, "references": references, "narHash": "sha256:0", "narSize": index})
    if faulty == "cycle" and len(order) > 1:
        elements[0]["references"] = [order[-1]]
        elements[-1]["references"].append(order[0])
    if faulty == "missing path":
        elements[-1]["references"].append(paths[0] + "-missing")
    if random.random() < 0.5:
        elements.sort(key=lambda element: element["path"])
    return [vary(random, element) for element in repeat(random, elements)]


def repeat(random, elements):
    """Some elements again, with part of their references; some left out that
    others reference, as they may be in a graph of several roots."""
    referenced = {path for element in elements for path in element["references"] if path != element["path"]}
    kept = [e for e in elements if random.random() < 0.93 or e["path"] not in referenced or e["references"]]
    for element in random.sample(kept, len(kept) // 4):
        some = random.sample(element["references"], len(element["references"]) // 2)
        kept.insert(random.randint(0, len(kept)), dict(element, references=some))
    return kept


def vary(random, element):
    """The same element in another spelling that Go's decoder reads alike."""
    if random.random() < 0.05:
        return {key.upper(): value for key, value in element.items()}
    if not element["references"] and random.random() < 0.3:
        return dict(element, references=None)
    return element


def rewrite(random, store, path):
    """One rule (regex and replacement) for a store path, most of them as the
    Nix functions write them, or nothing."""
    kind = random.random()
    if kind < 0.30:
        return None
    if kind < 0.50:
        return "^" + quoted(store), "/nix/store"
    if kind < 0.62:
        return "^" + (quoted(path) if random.random() < 0.7 else path), ""
    if kind < 0.68:
        return "^" + quoted(path), random.choice(["/opt/$$x", "/opt/deep/" + "o" * 120, "/öpt", "/" + "p" * 99, "relative"])
    if kind < 0.75:
        return "^" + quoted(store) + "/[a-z0-9]+-((?s).*)$", "/opt/" + random.choice(["${1}", "$1", "x-$1"])
    if kind < 0.80:
        return "(?s)^" + quoted(path) + "/[a-m].*$", ""
    if kind < 0.84:
        return "^" + quoted(store) + "/", ""
    if kind < 0.88:
        return "(?s)^" + quoted(path) + random.choice(["$", "(/bin)?$", "/.*$"]), "/"
    return random.choice(FREE_REGEXES), random.choice(REPLACEMENTS)


def rewrites(random, store, paths, faulty):
    rules = []
    common = rewrite(random, store, paths[0])
    for path in paths:
        rule = common if random.random() < 0.5 else rewrite(random, store, path)
        if rule:
            rules.append({"path": path, "regex": rule[0], "repl": rule[1]})
    if faulty == "bad rewrite":
        rules.append({"path": paths[-1], "regex": random.choice(BAD_REGEXES), "repl": "x"})
    if rules and random.random() < 0.2:
        rules.append(dict(random.choice(rules), repl="/second"))
    return rules


def perm(random, path):
    rule = {"path": path, "regex": random.choice(PERM_REGEXES)}
    if random.random() < 0.2:
        rule["regex"] = "^" + quoted(path) + "/.*$"
    for key, choices in (("mode", PERM_MODES), ("uid", NUMBERS), ("gid", NUMBERS), ("uname", NAMES), ("gname", NAMES)):
        if random.random() < 0.5:
            rule[key] = random.choice(choices)
    return rule


def perms(random, paths, faulty):
    rules = [perm(random, random.choice(paths)) for _ in range(random.choice([0, 0, 1, 2, 6]))]
    if rules and random.random() < 0.2:
        rules += [dict(rules[0], path=path) for path in paths]
    if faulty == "bad perm":
        rules.append({"path": paths[0], "regex": random.choice(BAD_REGEXES)})
    if faulty == "bad mode":
        rules.append({"path": paths[0], "regex": ".*", "mode": random.choice(BAD_MODES)})
    if faulty == "wrong type":
        rules.append({"path": paths[0], "regex": ".*", "uid": random.choice(["0", 1.5, [], True])})
    return rules


def history(random, created):
    value = {}
    for key, choices in (("created", created), ("created_by", ["nix2container", "", "a <b> & \"c\"\n"]),
                         ("author", ["me", "é\u2028"]), ("comment", ["\x01\x7f", "c"]), ("empty_layer", [True, False])):
        if random.random() < 0.3:
            value[key] = random.choice(choices)
    return value
