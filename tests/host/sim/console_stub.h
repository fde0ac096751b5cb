/* SPDX-License-Identifier: MIT */
/* The kernel's console, as far as a driver of one sees it. */
#ifndef TESTS_HOST_CONSOLE_STUB_H
#define TESTS_HOST_CONSOLE_STUB_H

#include "kernel/console.h"

extern struct console *stub_console; /* the one registered last, or NULL */
extern unsigned int stub_consoles;   /* registered now */
extern bool stub_console_missing;    /* the command line names one that is not there */

#endif
