/* SPDX-License-Identifier: MIT */
/*
 * The 256 entry points of the interrupt descriptor table. Each leaves the same struct trap_frame
 * (kernel/traps.h) on the stack and calls trap_dispatch with it, interrupts off. All code runs in
 * ring 0, so there is no other stack or segment to leave.
 */
#define VECTORS 256
#define VECTOR_SIZE 16

	/* Intel SDM 3A, 6.13: these push an error code; the others push a 0 instead. */
	.macro	vector number
	.balign	VECTOR_SIZE
	.if	(\number == 8) || ((\number >= 10) && (\number <= 14)) || (\number == 17)
	.elseif	(\number == 21) || (\number == 29) || (\number == 30)
	.else
	pushq	$0
	.endif
	pushq	$\number
	jmp	trap_common
	.endm

	.section .text.vectors, "ax"
	.globl	vector_entries
	.balign	VECTOR_SIZE
vector_entries:
	.altmacro
	.set	n, 0
	.rept	VECTORS
	vector	%n
	.set	n, n + 1
	.endr
	.noaltmacro

	.balign	VECTOR_SIZE
trap_common:
	cld
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	call	trap_dispatch
	.globl	trap_return
trap_return:
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp	/* the vector and the error code */
	iretq

	.section .note.GNU-stack, "", @progbits
