/* SPDX-License-Identifier: MIT */
/*
 * Where the other CPUs begin (Intel SDM 3A, 8.4.3): in real mode, at a page below 1 MiB to which
 * kernel/smp.c has copied the first part. From there through protected mode and, on the page tables
 * of the boot, into long mode; then with what kernel/smp.c has laid ready to ap_start. Nobody else
 * runs this at the same time, but for a CPU that comes too late: it finds no ap_cpu and halts.
 */
#define SELECTOR_CODE 8
#define SELECTOR_DATA 16
#define CR0_PE 0x1
#define CR0_PG_WP 0x80010000
#define CR0_CACHES_ON 0x9fffffff /* INIT leaves them off: CD and NW (Intel SDM 3A, table 9-1) */
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080

	.section .boot.rodata, "a"
	.code16
	.globl	ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	cld
	lgdtl	%cs:(ap_gdtr - ap_trampoline)
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$SELECTOR_CODE, $ap_protected
ap_gdtr:
	.short	ap_gdt_end - ap_gdt - 1
	.long	ap_gdt
ap_trampoline_end:

	/* Flat, 32 bits; accessed bits are set beforehand: the table is read-only. */
	.balign	8
ap_gdt:
	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
ap_gdt_end:

	.section .boot.text, "ax"
	.code32
ap_protected:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$boot_pml4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	boot_efer, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$CR0_CACHES_ON, %eax
	orl	$CR0_PG_WP, %eax
	movl	%eax, %cr0
	lgdt	boot_gdtr
	ljmp	$SELECTOR_CODE, $ap_long_mode

	.code64
ap_long_mode:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	ap_root, %rax
	movq	ap_stack, %rsp
	xorl	%edi, %edi
	xchgq	%rdi, ap_cpu
	testq	%rdi, %rdi
	jz	1f
	movq	%rax, %cr3
	xorl	%ebp, %ebp	/* backtraces end here */
	call	ap_start
1:	cli
	hlt
	jmp	1b

	.section .note.GNU-stack, "", @progbits
