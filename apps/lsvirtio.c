/* SPDX-License-Identifier: MIT */
/* lsvirtio as an app of its own; it is a command of the shell too. See apps/lsvirtio/command.c. */
#include "apps/lsvirtio/lsvirtio.h"
#include "kernel/bootinfo.h"

int main(int argc, char **argv)
{
	return lsvirtio_main(argc, argv);
}
