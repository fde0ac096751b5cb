// SPDX-License-Identifier: MIT
/* The least app: says what it was given. */
#include "kernel/bootinfo.h"
#include "kernel/printk.h"

int main(int argc, char **argv)
{
	int i;

	printk("hello, world\n");
	for (i = 0; i < argc; i++)
		printk("argv[%d] = \"%s\"\n", i, argv[i]);
	return 0;
}
