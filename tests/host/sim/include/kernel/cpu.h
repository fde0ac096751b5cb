/* SPDX-License-Identifier: MIT */
/* The kernel's own header, but waiting lets simulated time and devices go on. */
#ifndef TESTS_HOST_KERNEL_CPU_H
#define TESTS_HOST_KERNEL_CPU_H

#define cpu_relax cpu_real_relax
#define cpu_enable_irq_and_halt cpu_real_enable_irq_and_halt
#include_next <kernel/cpu.h>
#undef cpu_relax
#undef cpu_enable_irq_and_halt

void cpu_relax(void);
void cpu_enable_irq_and_halt(void);

#endif
