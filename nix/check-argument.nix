# Stops evaluation with one sentence when an argument has a bad value.
{ lib }:

{ # The function, and its argument.
  function ? "buildImage"
, argument
, # What the argument must be, and a right value as it is written.
  wants
, example
}:

holds: value:

lib.throwIfNot holds
  "${function}: `${argument}` must be ${wants}, such as `${argument} = ${example};`"
  value
