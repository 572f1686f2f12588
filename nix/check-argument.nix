# An argument's value, if it is what it must be; otherwise evaluation stops.
{ wrongArgument }:

{ # The function, and its argument.
  function ? "buildImage"
, argument
, # What the argument must be, and a right value as it is written.
  wants
, example
}:

holds: value:

if holds then value
else wrongArgument argument example "of ${function} must be ${wants}"
