/* What GNU hello says. */
#include <stdio.h>

int main(void) { return puts("Hello, world!") < 0; }
