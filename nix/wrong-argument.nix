# Stops evaluation with one sentence: an argument's value is not what it must be.
# `right` shows one that is.
{ }:

argument: right: reason:

throw "`${argument}` ${reason}; write it as in `${argument} = ${right};`"
