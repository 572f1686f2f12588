# An image that runs, pushed by us in each form and pulled by others: docker,
# podman and Debian's own skopeo. It is sourced by tests/push/run.
# shellcheck shell=bash

# valid_layout DIRECTORY: every blob has the digest it is called by, and all
# that the index, the manifest and its descriptors say is there in that size.
valid_layout() {
  python3 - "$1" <<'PYTHON'
import hashlib, json, pathlib, sys

layout = pathlib.Path(sys.argv[1])
assert json.loads((layout / "oci-layout").read_text())["imageLayoutVersion"] == "1.0.0"
blobs = {f"sha256:{path.name}": path for path in (layout / "blobs/sha256").iterdir()}
for digest, path in blobs.items():
    assert "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() == digest, path
used = set()

def blob(descriptor):
    path = blobs[descriptor["digest"]]
    assert path.stat().st_size == descriptor["size"], descriptor
    used.add(descriptor["digest"])
    return path

for entry in json.loads((layout / "index.json").read_text())["manifests"]:
    manifest = json.loads(blob(entry).read_text())
    config = json.loads(blob(manifest["config"]).read_text())
    layers = [blob(layer) for layer in manifest["layers"]]
    assert len(layers) == len(config["rootfs"]["diff_ids"])
assert used == set(blobs), "blobs that nothing names"
print(len(blobs))
PYTHON
}

# runnable_image: $work/hello.graph and config of an image that runs a program,
# with a layer that is larger than one part of its compressed form.
runnable_image() {
  local program numbers
  program=$(store_path hello)
  numbers=$(store_path numbers)
  mkdir -p "$program/bin" "$numbers"
  cp /bin/busybox "$program/bin/busybox"
  seq 1 1300000 >"$numbers/numbers"
  chmod 0555 "$program/bin/busybox"
  make_graph "$work/hello.graph" "$program" "$(store_path lib)" "$numbers"
  jq -n --arg program "/nix/store/$(basename "$program")/bin/busybox" --arg file "/nix/store/$(basename "$numbers")/numbers" \
    '{Entrypoint: [$program, "tail", "-n", "1", $file]}' >"$work/config.json"
  mkdir -p "$work/hello-tree/nix/store"
  cp -a "$program" "$(store_path lib)" "$numbers" "$work/hello-tree/nix/store"
  find "$work/hello-tree" -exec touch -h -d @1 {} +
}

# run_by ENGINE FORMAT REFERENCE: an engine pulls an image and runs it.
run_by() {
  local options=()
  if [ "$1" = podman ]; then options=(--tls-verify=false); fi
  "$1" pull -q "${options[@]}" "$3" >/dev/null
  expect "$1 pulls $2: diff IDs" "$("$1" inspect "$3" | jq -r '.[0].RootFS.Layers[][7:]')" "$diff_ids"
  expect "$1 runs $2" "$("$1" run --rm --network=none "$3")" 1300000
  "$1" rmi -f "$3" >/dev/null
}

# layout_by_skopeo FORMAT REFERENCE: skopeo makes a layout of what is in the
# registry, which has our manifest, bit by bit, and the layers' contents.
layout_by_skopeo() {
  local layout=$work/layout-$1 options=() tool=(cat) digest
  # It would compress what is not.
  if [ "$1" = plain ]; then options=(--preserve-digests); fi
  /usr/bin/skopeo --insecure-policy copy --quiet "${options[@]}" --src-tls-verify=false "docker://$2" "oci:$layout:x"
  expect "skopeo, oci, $1: blobs that are valid" "$(valid_layout "$layout")" 5
  expect "skopeo, oci, $1: the manifest" "$(jq -r '.manifests[].digest' "$layout/index.json")" "sha256:${manifest%% *}"
  case $1 in gzip) tool=(gzip -dc) ;; zstd) tool=(zstd -dcq) ;; esac
  expect "skopeo, oci, $1: diff IDs" \
    "$(jq -r '.layers[].digest[7:]' "$layout/blobs/sha256/${manifest%% *}" | while read -r digest; do
      "${tool[@]}" <"$layout/blobs/sha256/$digest" | sha256sum | cut -c1-64
    done)" "$diff_ids"
  # umoci reads no zstd.
  [ "$1" != zstd ] || return 0
  umoci unpack --image "$layout:x" "$work/bundle-$1" 2>"$work/messages"
  expect "umoci unpacks $1" "$(listing "$work/bundle-$1/rootfs")" "$(listing "$work/hello-tree")"
}

pulled() {
  local format manifest options diff_ids=
  # podman wants a file there.
  unset DOCKER_CONFIG
  require skopeo skopeo
  require zstd zstd
  runnable_image
  start_registry
  for format in plain gzip zstd; do
    options=()
    [ "$format" = plain ] || options=(--compressor "$format")
    make_image "$work/hello-$format.json" "$work/hello.graph" 3 "${options[@]}"
    manifest=$("$binary" manifest "$work/hello-$format.json" | sha256sum)
    diff_ids=${diff_ids:-$("$binary" config "$work/hello-$format.json" | jq -r '.rootfs.diff_ids[][7:]')}
    push "$work/hello-$format.json" "$registry/hello:$format" >/dev/null
    has_image "$registry/hello:$format"
    # Docker reads zstd since its version 23, which Debian 12 has not.
    if [ "$format" != zstd ]; then run_by docker "$format" "$registry/hello:$format"; fi
    run_by podman "$format" "$registry/hello:$format"
    layout_by_skopeo "$format" "$registry/hello:$format"
  done
}
