# shellcheck shell=bash
# Copies $programs of the machine into $out/bin, with the libraries that they
# and their $plugins need and with the loader, so that they run where nothing
# else is. Each is started by a script, for the loader of a program has a fixed
# place; $prelude and $arguments go into that script.
mkdir -p "$out/bin" "$out/lib" "$out/libexec"
for program in $programs ${plugins-}; do
  { ldd "$program" | grep -o '/[^ ]*' || true; } | while read -r library; do
    cp -Ln "$library" "$out/lib"
  done
done
loader=$(basename "$(ldd /usr/bin/env | grep -o '/lib[^ ]*/ld-[^ ]*')")
for program in $programs; do
  name=$(basename "$program")
  cp -L "$program" "$out/libexec/$name"
  cat >"$out/bin/$name" <<SCRIPT
#!$shell
${prelude-}
exec $out/lib/$loader --library-path $out/lib --argv0 $name $out/libexec/$name ${arguments-} "\$@"
SCRIPT
  chmod +x "$out/bin/$name"
done
eval "${postInstall-}"
