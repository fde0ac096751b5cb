/* SPDX-License-Identifier: MIT */
/* Between the files of the demo: a greeting for each kind of device beside virtio-simple. */
#ifndef APPS_DEMO_DEMO_H
#define APPS_DEMO_DEMO_H

#include "kernel/types.h"

/* Names each disk and reads its first block, which changes nothing. False when one fails. */
bool demo_greet_disks(void);

#endif
