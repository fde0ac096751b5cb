/* SPDX-License-Identifier: MIT */
/* Of the C library's stdio.h lwIP 2.2 wants snprintf, for messages that we have not switched on. */
#ifndef NET_SHIM_STDIO_H
#define NET_SHIM_STDIO_H

#include "kernel/printk.h"

#endif
