# shellcheck shell=bash
# nixpkgs' installShellFiles, for one page or completion at a time.
installManPage() {
  local page
  for page; do install -Dm644 "$page" "$out/share/man/man${page##*.}/$(basename "$page")"; done
}

# installShellCompletion --cmd NAME --SHELL FILE
installShellCompletion() {
  case $3 in
    --bash) install -Dm644 "$4" "$out/share/bash-completion/completions/$2.bash" ;;
    --fish) install -Dm644 "$4" "$out/share/fish/vendor_completions.d/$2.fish" ;;
    --zsh) install -Dm644 "$4" "$out/share/zsh/site-functions/_$2" ;;
  esac
}
