# Stops evaluation: an argument's value is not what it must be. `right` shows
# one that is.
{ }:

argument: right: reason:

throw "`${argument}` ${reason}; a right value is ${argument} = ${right}"
