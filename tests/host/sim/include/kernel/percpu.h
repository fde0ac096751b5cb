/* SPDX-License-Identifier: MIT */
/* The kernel's own header, but a test says which CPU it runs on. */
#ifndef TESTS_HOST_KERNEL_PERCPU_H
#define TESTS_HOST_KERNEL_PERCPU_H

#define this_cpu cpu_real_this_cpu
#define smp_processor_id cpu_real_smp_processor_id
#include_next <kernel/percpu.h>
#undef this_cpu
#undef smp_processor_id

struct cpu *this_cpu(void);
unsigned int smp_processor_id(void);

#endif
