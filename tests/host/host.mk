# SPDX-License-Identifier: MIT
# Host tests: the kernel's own sources, unchanged, in a simulated world, under sanitizers.
# `make test-host` runs them as gcc and as clang build them, then tests/host/guards.
# `make test-host-gcc TESTS='virtqueue P07'` runs those whose name or file holds one of the words.

HOST := $(BUILD)/host
HOST_KERNEL := $(wildcard drivers/*/*.c drivers/*/*/*.c) \
	$(addprefix kernel/acpi/,acpi_aml.c acpi_dsdt.c acpi_madt.c acpi_mcfg.c acpi_prt.c \
	mptable.c) \
	$(addprefix kernel/,cmdline.c device.c init.c ioapic.c irq.c irq_shared.c irq_table.c \
	spinlock.c step.c string.c time.c vsnprintf.c)
HOST_KERNEL += $(addprefix apps/httpd/,report.c request.c tar.c text.c)
HOST_FILES := $(HOST_KERNEL) $(wildcard tests/host/*/*.c)
# Those that a test includes whole, under other names.
HOST_INCLUDED := $(addprefix kernel/,memmap.c page_alloc.c kalloc.c)
HOST_HEADERS := $(HOST_INCLUDED) $(wildcard kernel/*.h kernel/*/*.h boot/*.[ch] drivers/*/*.h \
	drivers/*/*/*.h apps/httpd/*.h tests/host/sim/*.h tests/host/sim/include/*/*.h \
	tests/host/sim/include/*/*/*.h)
# -fno-pie: linker tables are constants, as in the kernel.
HOST_CFLAGS := -std=gnu11 -O1 -g -fno-pie -fno-common -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-builtin -Wall -Wextra -Werror -Itests/host/sim/include -Itests/host/sim -I.
HOST_CFLAGS_gcc := -fsanitize=address,undefined -fno-sanitize-recover=all
# clang's sanitizers come in a package of their own; trapping needs none.
HOST_CFLAGS_clang := -g1 -fsanitize=undefined -fsanitize-trap=undefined
# The kernel's own text formatting stands beside the C library's, for comparison and for printk.
HOST_RENAME := -Dsnprintf=k_snprintf -Dvsnprintf=k_vsnprintf
HOST_RENAME_string := $(foreach name,memcpy memmove memset memcmp strlen strnlen strcmp strncmp \
	strchr,-D$(name)=k_$(name))
HOST_LDFLAGS := -no-pie -Wl,-T,tests/host/sim/tables.ld -Wl,-z,noexecstack
TESTS ?=

.PHONY: test-host test-host-gcc test-host-clang guards
test-host: test-host-gcc test-host-clang guards

define host_compiler
$(HOST)/$(1)/kernel/string.c.o: HOST_EXTRA := $(HOST_RENAME_string)
$(HOST)/$(1)/tests/%.c.o: tests/%.c $(HOST_HEADERS) tests/host/host.mk
	@mkdir -p $$(@D)
	$$(Q)$(1) $(HOST_CFLAGS) $(HOST_CFLAGS_$(1)) -c $$< -o $$@
$(HOST)/$(1)/%.c.o: %.c $(HOST_HEADERS) tests/host/host.mk
	@mkdir -p $$(@D)
	$$(Q)$(1) $(HOST_CFLAGS) $(HOST_CFLAGS_$(1)) $(HOST_RENAME) $$(HOST_EXTRA) -c $$< -o $$@
$(HOST)/$(1)/tests.elf: $(HOST_FILES:%=$(HOST)/$(1)/%.o) tests/host/sim/tables.ld
	$$(Q)$(1) $(HOST_CFLAGS_$(1)) $$(filter %.o,$$^) $(HOST_LDFLAGS) -o $$@
# What tests/host/guards builds its variants with: a line to compile, one to link.
$(HOST)/$(1)/commands: $(HOST)/$(1)/tests.elf
	@printf '%s\n' '$(1) $(HOST_CFLAGS) $(HOST_CFLAGS_$(1)) $(HOST_RENAME)' \
		'$(1) $(HOST_CFLAGS_$(1)) $(HOST_LDFLAGS)' '$(HOST_FILES:%=$(HOST)/$(1)/%.o)' > $$@
test-host-$(1): $(HOST)/$(1)/tests.elf
	@$(HOST)/$(1)/tests.elf $(TESTS) > $(HOST)/$(1)/log 2>&1; status=$$$$?; \
		sed 's/ passed, .* failed$$$$/& (host tests, $(1))/' $(HOST)/$(1)/log; \
		exit $$$$status
endef
$(eval $(call host_compiler,gcc))
$(eval $(call host_compiler,clang))

guards: $(HOST)/gcc/commands $(HOST)/clang/commands
	@BUILD=$(BUILD) $(PYTHON) tests/host/guards/run.py
