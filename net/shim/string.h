/* SPDX-License-Identifier: MIT */
/* The part of the C library that lwIP includes, which is the kernel's. */
#ifndef NET_SHIM_STRING_H
#define NET_SHIM_STRING_H

#include "kernel/string.h"

#endif
