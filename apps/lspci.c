/* SPDX-License-Identifier: MIT */
/* lspci as an app of its own; it is a command of the shell too. See apps/lspci/command.c. */
#include "apps/lspci/lspci.h"
#include "kernel/bootinfo.h"

int main(int argc, char **argv)
{
	return lspci_main(argc, argv);
}
