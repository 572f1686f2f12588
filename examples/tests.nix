# For each example a script that copies the image to podman, runs it, and looks
# for a pattern in what it prints; `all` runs them all.
#
# NIX2CONTAINER_PODMAN_ARGS has further arguments of `podman run`, such as
# `--network=none`.
{ pkgs, nix2container, examples }:

let
  inherit (pkgs) lib;

  # `print` prints the text that is searched.
  test = name: pattern: print: pkgs.writeShellApplication {
    name = "test-${name}";
    runtimeInputs = [ pkgs.jq ];
    text = ''
      ${lib.getExe examples.${name}.copyToPodman} >&2
      output=$(
        ${print}
      )
      if grep -E ${lib.escapeShellArg pattern} <<<"$output"; then
        echo "ok: ${name}"
      else
        printf 'FAILED: %s prints\n%s\n' ${name} "$output" >&2
        exit 1
      fi
    '';
  };

  # Runs an image with further arguments.
  run = name: arguments: ''
    read -ra podman_args <<<"''${NIX2CONTAINER_PODMAN_ARGS:-}"
    podman run --rm "''${podman_args[@]}" ${examples.${name}.imageRefUnsafe} ${arguments}
  '';

  # Runs it with arguments that use `command`, what it runs by default.
  runCommand = name: arguments: ''
    mapfile -t command < <(jq --raw-output '."image-config".Cmd[]' ${examples.${name}})
    ${run name arguments}
  '';

  prints = name: pattern: test name pattern (run name "");

  tests = {
    hello = prints "hello" "^Hello, world!$";
    basic = prints "basic" "^Hello, world!$";
    bash = test "bash" "^GNU bash, version" (run "bash" "bash --version");
    nginx = test "nginx" "test is successful" (runCommand "nginx" ''"''${command[@]}" -t 2>&1'');
    nonReproducible = prints "nonReproducible" "^This image was built on ";
    fromImage = prints "fromImage" "alpine-release$";
    fromImageManifest = prints "fromImageManifest" "alpine-release$";
    inheritConfig = prints "inheritConfig" "^Hello, world!$";
    annotated = test "annotated" "^annotated 2024-05-13T09:31:10Z$" ''
      podman inspect --format '{{index .Labels "org.opencontainers.image.title"}} {{.Created.Format "2006-01-02T15:04:05Z"}}' \
        ${examples.annotated.imageRefUnsafe}
    '';
    disjoint = prints "disjoint" "^Hello, world!$";
    openbar = prints "openbar" "^drwxrwxrwx .* tmp$";
    layered = prints "layered" "^Hello, world!$";
    nested = prints "nested" "^Hello, world!$";
    duplicated = prints "duplicated" "^Hello, world!$";
    compressed = prints "compressed" "^Hello, world!$";
    nix = prints "nix" "^/nix/store/.*-nix";
    nix-user = prints "nix-user" "^/nix/store/.*-nix";
    ownership = prints "ownership" "^-rwxr--r-- +1 1000 +1000 .* note$";
    perms = prints "perms" "^-rw------- .* secret$";
    verified = test "verified" "^layer 2 of 2 is the same: sha256:" ''
      ${nix2container}/bin/nix2container verify ${examples.verified}
    '';
    merged = prints "merged" "^/var/log/mail 750 25$";
    rootFiles = prints "rootFiles" "^me 1777 CapEff: 0000000000000400 documents$";
    created = test "created" "^2024-05-13T09:31:10Z$" ''
      podman inspect --format '{{.Created.Format "2006-01-02T15:04:05Z"}}' ${examples.created.imageRefUnsafe}
    '';
    metadata = test "metadata" "the example metadata" ''
      podman history --no-trunc ${examples.metadata.imageRefUnsafe}
    '';
    uwsgi = test "uwsgi" "^[0-9]+\\.[0-9]" (runCommand "uwsgi" ''"''${command[0]}" --version'');
    index = pkgs.writeShellApplication {
      name = "test-index";
      runtimeInputs = [ pkgs.jq ];
      text = ''
        layout=$(mktemp -d)
        trap 'rm -rf "$layout"' EXIT
        ${lib.getExe examples.index.copyTo} "oci:$layout:latest" >&2
        index=$(jq --raw-output '.manifests[0].digest | ltrimstr("sha256:")' "$layout/index.json")
        jq --exit-status '.manifests | map(.platform.architecture) == ["amd64", "arm64"]' \
          "$layout/blobs/sha256/$index"
        echo "ok: index"
      '';
    };
    # The hello example without skopeo.
    archive = pkgs.writeShellApplication {
      name = "test-archive";
      text = ''
        ${examples.hello.stream} | podman load >&2
        output=$(${run "hello" ""})
        grep '^Hello, world!$' <<<"$output"
        echo "ok: archive"
      '';
    };
    getManifest = pkgs.writeShellApplication {
      name = "test-getManifest";
      runtimeInputs = [ pkgs.jq ];
      text = ''
        ${lib.getExe examples.getManifest} | jq --exit-status '.layers | length > 0'
        echo "ok: getManifest"
      '';
    };
  };

  all = pkgs.writeShellApplication {
    name = "test-all";
    text = lib.concatMapStringsSep "\n" lib.getExe (lib.attrValues tests);
  };
in
# Built, it is the script that runs them all.
all // tests // { inherit all; }
