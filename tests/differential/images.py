"""Random inputs of the image commands: configs, dates, and base images as
skopeo's `dir:` transport writes them.

Takes a random generator; gives values to be written as JSON, or writes the
directory of a base image whose blobs have the digests that name them.
"""
import hashlib
import json
import os

CREATED = ["0001-01-01T00:00:00Z", "2024-05-13T09:31:10Z", "2024-05-13T09:31:10.120Z", "2024-02-29T23:59:59.999999999Z",
           "2024-05-13T09:31:10+02:00", "1969-12-31T23:59:59-11:30", "2024-05-13T09:31:10+00:00", "9999-12-31T23:59:59Z",
           "2024-05-13T09:31:10.000Z"]
BAD_CREATED = ["2023-02-29T00:00:00Z", "2024-05-13", "yesterday", "2024-05-13T24:00:00Z", "2024-05-13 09:31:10Z"]
TEXTS = ["", "a", "/bin/sh", "PATH=/bin:/usr/bin", "<&>\u2028\u2029", "é日😀", "\x00\x08\x0c\x1f\x7f", "a\"b\\c/d", "\ufffd\ue000"]
LISTS, SETS = ["Env", "Entrypoint", "Cmd"], ["ExposedPorts", "Volumes"]
WORDS = ["User", "WorkingDir", "StopSignal"]
OCI = "application/vnd.oci.image."
MEDIA = [OCI + "layer.v1.tar", OCI + "layer.v1.tar+gzip", OCI + "layer.v1.tar+zstd",
         "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip"]


def spelling(random, key):
    return random.choice([key, key, key.lower(), key.upper(), key[0].lower() + key[1:], key.swapcase()])


def config(random, faulty):
    """An OCI config; keys in any case, fields empty, null or unknown."""
    value = {}
    text = lambda: random.choice(TEXTS)
    makers = {**{key: lambda: [text() for _ in range(random.randint(0, 3))] for key in LISTS},
              **{key: lambda: {text() + str(n): {} for n in range(random.randint(0, 3))} for key in SETS},
              **{key: text for key in WORDS},
              "Labels": lambda: {text() + str(n): text() for n in range(random.randint(0, 12))}}
    for key in random.sample(sorted(makers), random.randint(0, len(makers))):
        value[spelling(random, key)] = None if random.random() < 0.1 else makers[key]()
    if random.random() < 0.3:
        value["Healthcheck"] = {"Test": ["CMD", "x"]}
    if faulty == "wrong config":
        value.update(random.choice([{"cmd": "x"}, {"User": 1}, {"Env": [1]}, {"Labels": []}, {"Volumes": {"/v": 1}}]))
    return value


def blob(directory, content):
    digits = hashlib.sha256(content).hexdigest()
    with open(os.path.join(directory, digits), "wb") as file:
        file.write(content)
    return "sha256:" + digits, len(content)


def base(random, directory, faulty):
    """A base image below `directory`: its manifest and blobs, and the map from
    digests to files that image-from-manifest takes."""
    os.mkdir(directory)
    docker = random.random() < 0.3
    layers, diff_ids = [], []
    for _ in range(random.randint(0, 4)):
        content = random.randbytes(random.choice([0, 10, 1024, 5000]))
        digest, size = blob(directory, content)
        media = random.choice(MEDIA[3:] if docker else MEDIA[:3])
        layers.append({"mediaType": media, "digest": digest, "size": size})
        diff_ids.append("sha256:" + hashlib.sha256(content + b"diff").hexdigest())
    if faulty == "unknown media type" and layers:
        layers[-1]["mediaType"] = OCI + "layer.v2.cab"
    if faulty == "few diff IDs" and diff_ids:
        diff_ids.pop()
    text = {"architecture": random.choice(["amd64", "arm64"]), "os": "linux", "created": random.choice(CREATED),
            "config": {"Cmd": ["/bin/sh"]}, "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": [{}]}
    config_digest, size = blob(directory, json.dumps(text).encode())
    media = "application/vnd.docker.container.image.v1+json" if docker else OCI + "config.v1+json"
    kind = "application/vnd.docker.distribution.manifest.v2+json" if docker else OCI + "manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "layers": layers,
                "config": {"mediaType": media, "digest": config_digest, "size": size}}
    write(os.path.join(directory, "manifest.json"), manifest)
    names = [entry["digest"][7:] for entry in layers] + [config_digest[7:]]
    return {name: os.path.join(directory, name) for name in names}


def write(file, value):
    with open(file, "w") as out:
        json.dump(value, out)
    return file
