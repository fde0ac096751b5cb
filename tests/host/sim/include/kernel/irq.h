/* SPDX-License-Identifier: MIT */
/* The kernel's own header, with the CPU's interrupt flag replaced by a simulated one. */
#ifndef TESTS_HOST_KERNEL_IRQ_H
#define TESTS_HOST_KERNEL_IRQ_H

#define local_irq_enable cpu_local_irq_enable
#define local_irq_disable cpu_local_irq_disable
#define local_irq_save cpu_local_irq_save
#define local_irqs_enabled cpu_local_irqs_enabled
#define local_irq_restore cpu_local_irq_restore
#include_next <kernel/irq.h>
#undef local_irq_enable
#undef local_irq_disable
#undef local_irq_save
#undef local_irqs_enabled
#undef local_irq_restore

void local_irq_enable(void);
void local_irq_disable(void);
u64 local_irq_save(void);
bool local_irqs_enabled(void);
void local_irq_restore(u64 flags);

#endif
