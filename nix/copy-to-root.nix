# What `copyToRoot` and its old name `contents` give together: a list of paths.
# `attribute` names the function in messages.
{ lib }:

let
  pathList = value: if value == null then [ ] else lib.toList value;
in

attribute: { copyToRoot, contents }:

if contents == null then
  pathList copyToRoot
else if copyToRoot == null then
  lib.warn "${attribute}: `contents` is deprecated, use `copyToRoot` instead" (pathList contents)
else
  throw "${attribute}: `contents` is the old name of `copyToRoot`; remove `contents`"
