/* SPDX-License-Identifier: MIT */
/* What /status.json and the page say; a file for each layer that is looked into. */
#ifndef APPS_HTTPD_STATUS_H
#define APPS_HTTPD_STATUS_H

#include "apps/httpd/report.h"
#include "kernel/memory.h"

/* The whole report. `memory` was counted before anything was allocated for the answer. */
void status_report(struct report *report, const struct memory_counters *memory);

/* Its parts. */
void status_pci(struct report *report);	       /* the functions, behind their bridges */
void status_virtio(struct report *report);     /* the devices, then their queues */
void status_interrupts(struct report *report); /* each vector, and who takes it */
void status_network(struct report *report);    /* the interfaces */
void status_pools(struct report *report);      /* what lwIP lives from */
void status_server(struct report *report);     /* connections and requests: connection.c */

#endif
