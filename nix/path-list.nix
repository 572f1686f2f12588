# A list from what users may give as one: null, a single path, or a list.
{ lib }:

value:

if value == null then [ ] else lib.toList value
