/* SPDX-License-Identifier: MIT */
/* The server as a whole: its port, and how many connections it takes. */
#ifndef APPS_HTTPD_SERVER_H
#define APPS_HTTPD_SERVER_H

#include "kernel/types.h"

/* Opens the port: 0, -EADDRINUSE or -ENOMEM. */
int server_listen(u16 port);

#endif
