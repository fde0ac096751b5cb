// SPDX-License-Identifier: MIT
/* See console_stub.h. */
#include "console_stub.h"

struct console *stub_console;
unsigned int stub_consoles;
bool stub_console_missing;

void console_register(struct console *console)
{
	stub_console = console;
	stub_consoles++;
	stub_console_missing = false;
}

void console_unregister(struct console *console)
{
	if (stub_console == console)
		stub_console = NULL;
	stub_consoles--;
}

bool console_is_missing(void)
{
	return stub_console_missing;
}
