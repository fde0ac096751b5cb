# Doorbell. `make help` lists the commands and the knobs.

# The distribution's own Python sees the distribution's packages; another one on the PATH may not.
PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)

# ---- make test-list WORD -----------------------------------------------------------------------
# The other goals are words to look for, "clean" too: nothing below is read, so none of it is made.
ifneq ($(filter test-list,$(MAKECMDGOALS)),)
WORD := $(filter-out test-list,$(MAKECMDGOALS))
export WORD
.PHONY: $(MAKECMDGOALS)
test-list:
	@$(PYTHON) tools/test_list.py "$$WORD"
$(filter-out test-list,$(MAKECMDGOALS)): ; @:
else

# ---- knobs -------------------------------------------------------------------------------------
APP ?= demo
BOOT ?= iso
MACHINE ?= pc
SMP ?= 1
MEM ?= 128M
ACCEL ?= tcg
CMDLINE ?=
QEMU_ARGS ?=
DEVICES ?= reference
SIMPLE ?= virtio-simple-pci
DISK ?=
QEMU ?=
TIMEOUT ?=
CONSOLE ?=
INTERACTIVE ?=
HTTP_PORT ?=
FULL ?=
UBSAN ?=
# Sources left out of the link, to see a device find no driver.
WITHOUT ?=
# More sources for the image, say a driver that is tried out; paths below this folder.
EXTRA_SOURCES ?=
BUILD ?= build
CROSS_COMPILE ?=

# What make would split, or take for something else, is refused here.
one_word = $(if $(filter 1,$(words $($1))),,$(error $1='$($1)': want $2, in one word))
$(call one_word,APP,the name of an app)
$(call one_word,BUILD,a folder)
$(if $(findstring ^$(patsubst %/,%,$(abspath $(BUILD)))/,^$(CURDIR)/),$(error BUILD=$(BUILD) \
	is this tree or above it: want a folder of its own, such as build))
$(foreach source,$(WITHOUT),$(if $(wildcard $(source)),,$(error WITHOUT=$(source): there is no \
	such file, so nothing would be left out)))

export APP BOOT MACHINE SMP MEM ACCEL CMDLINE QEMU_ARGS DEVICES SIMPLE DISK TIMEOUT FULL UBSAN BUILD \
	CONSOLE INTERACTIVE
export HTTP_PORT
# Of an environment that has these, the flags below would reach QEMU's build, and cd in scripts prints.
unexport CFLAGS CPPFLAGS LDFLAGS CDPATH
# A service or a container may have none; the cache is there.
export HOME := $(or $(HOME),$(shell getent passwd "$$(id -u)" | cut -d: -f6))

ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
NM := $(CROSS_COMPILE)nm
LD := $(CROSS_COMPILE)ld
AR := $(CROSS_COMPILE)ar

.DEFAULT_GOAL := kernel
.DELETE_ON_ERROR:
.SUFFIXES:

# ---- compiling ---------------------------------------------------------------------------------
UAPI := $(BUILD)/uapi
# Asked once, and only when compiling: before set-up there may be no compiler to ask.
CC_INCLUDE = $(eval CC_INCLUDE := $$(shell $$(CC) -print-file-name=include))$(CC_INCLUDE)
CPPFLAGS = -I. -nostdinc -isystem $(CC_INCLUDE) -isystem $(UAPI)
# Undefined behaviour becomes a panic that names its line (kernel/ubsan.c).
SANITIZE := $(if $(filter-out 0,$(UBSAN)),-fsanitize=undefined -fno-sanitize-recover=undefined)
CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-pie -m64 -mcmodel=small -mno-red-zone \
	-mgeneral-regs-only -fstack-protector-strong -mstack-protector-guard=global \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-strict-aliasing \
	-fno-asynchronous-unwind-tables -fno-common -ffunction-sections -fdata-sections \
	-fcf-protection=none -Wall -Wextra -Werror -Wmissing-prototypes -Wvla -Wundef $(SANITIZE) \
	$(EXTRA_CFLAGS)
LDFLAGS := -m elf_x86_64 -nostdlib -static -z max-page-size=4096 -z noexecstack --gc-sections \
	--build-id=none -T linker.ld

SOURCES := $(filter-out $(WITHOUT),$(wildcard boot/*.[Sc] kernel/*.[Sc] kernel/*/*.c \
	drivers/*/*.c drivers/*/*/*.c)) $(EXTRA_SOURCES)
OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(SOURCES))
# An app is apps/NAME.c, and what else it consists of is in apps/NAME/; a file "uses" there names
# other such folders. Programs that exist for tests are in tests/guests/ instead.
APP_DIRS := apps tests/guests
APP_MAIN := $(firstword $(wildcard $(APP_DIRS:%=%/$(APP).c)) apps/$(APP).c)
APP_FOLDERS := $(APP) $(shell cat apps/$(APP)/uses 2>/dev/null)
APP_SOURCES := $(APP_MAIN) $(wildcard $(foreach folder,$(APP_FOLDERS),$(APP_DIRS:%=%/$(folder)/*.c)))
APP_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(APP_SOURCES))
# apps/NAME/app.mk may ask for libraries: LIBS = lwip is the network. They add to these three.
LIBS :=
LIB_SOURCES :=
LIB_OBJECTS :=
LIB_ARCHIVES :=
-include apps/$(APP)/app.mk
# Where the image goes; another name keeps two images of one app apart.
OUT ?= $(BUILD)/$(APP)
ELF := $(OUT)/doorbell.elf
ISO := $(OUT)/doorbell.iso

# Only the kernel's UAPI headers, none of the C library's: linux/, asm/ and asm-generic/.
$(UAPI)/.ready: | $(BUILD)/obj
	@mkdir -p $(UAPI)
	@for header in linux/types.h asm/types.h asm-generic/types.h; do \
		file=$$(echo "#include <$$header>" | $(CC) -E -x c - | \
			sed -n "s|^# [0-9]* \"\(.*/$$header\)\".*|\1|p" | head -n 1); \
		test -n "$$file" || { echo "make: <$$header> not found: install linux-libc-dev" >&2; exit 1; }; \
		ln -sfn "$$(dirname "$$file")" "$(UAPI)/$${header%/*}" || exit 1; \
	done
	@touch $@

$(BUILD)/obj:
	@mkdir -p $@

# Flags and the set of sources are inputs too: a change of either builds anew.
STAMP_TEXT = $(CC) $(CPPFLAGS) $(CFLAGS) | $(LD) $(LDFLAGS)
$(BUILD)/flags: FORCE | $(BUILD)/obj
	@echo '$(STAMP_TEXT)' | cmp -s - $@ || echo '$(STAMP_TEXT)' > $@
LINKED = $(SOURCES) $(APP_SOURCES) $(LIB_SOURCES) $(LIB_ARCHIVES)
$(OUT)/sources: FORCE
	@mkdir -p $(OUT)
	@echo '$(LINKED)' | cmp -s - $@ || echo '$(LINKED)' > $@

$(BUILD)/obj/%.c.o: %.c $(BUILD)/flags $(UAPI)/.ready
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LIB_CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
# Reports of undefined behaviour must not find some in themselves.
$(BUILD)/obj/kernel/ubsan.c.o: private CFLAGS += -fno-sanitize=all
$(BUILD)/obj/%.S.o: %.S $(BUILD)/flags $(UAPI)/.ready
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

V ?= 0
Q := $(if $(filter 1,$(V)),,@)

-include net/net.mk
ALL_OBJECTS := $(OBJECTS) $(APP_OBJECTS) $(LIB_OBJECTS) $(LIB_ARCHIVES)

# Linked twice: the first link gives the addresses that the symbol table of the second one holds.
$(OUT)/ksyms-empty.S: tools/ksyms.awk | $(OUT)/sources
	@awk -f tools/ksyms.awk < /dev/null > $@
$(OUT)/stage1.elf: $(ALL_OBJECTS) $(OUT)/ksyms-empty.S linker.ld $(OUT)/sources
	@$(CC) $(CFLAGS) -c $(OUT)/ksyms-empty.S -o $(OUT)/ksyms-empty.o
	$(Q)$(LD) $(LDFLAGS) $(ALL_OBJECTS) $(OUT)/ksyms-empty.o -o $@
$(ELF): $(OUT)/stage1.elf
	@$(NM) -n -S $< | awk -v app=$(APP) -f tools/ksyms.awk > $(OUT)/ksyms.S
	@$(CC) $(CFLAGS) -c $(OUT)/ksyms.S -o $(OUT)/ksyms.o
	$(Q)$(LD) $(LDFLAGS) $(ALL_OBJECTS) $(OUT)/ksyms.o -o $@
	@echo "built $@"

.PHONY: kernel iso FORCE
kernel: $(ELF)
FORCE:

$(APP_OBJECTS): | $(APP_MAIN)
apps/$(APP).c:
	@echo "make: APP=$(APP): there is no $@; apps: $(patsubst apps/%.c,%,$(wildcard apps/*.c))" >&2
	@exit 1

# ---- the ISO -----------------------------------------------------------------------------------
# With its words quoted for GRUB, to which ; & { and more mean something.
$(OUT)/grub.cfg: iso/grub.cfg FORCE
	@mkdir -p $(OUT)
	@words="$$($(PYTHON) tools/run.py --grub-words)" && WORDS="$$words" awk '{ \
		i = index($$0, "@CMDLINE@"); \
		if (i) $$0 = substr($$0, 1, i - 1) ENVIRON["WORDS"] substr($$0, i + 9); print }' \
		$< > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@
$(ISO): $(ELF) $(OUT)/grub.cfg
	@rm -rf $(OUT)/iso && mkdir -p $(OUT)/iso/boot/grub
	@cp $(ELF) $(OUT)/iso/boot/doorbell.elf && cp $(OUT)/grub.cfg $(OUT)/iso/boot/grub/grub.cfg
	$(Q)grub-mkrescue -o $@ $(OUT)/iso > $(OUT)/grub-mkrescue.log 2>&1 || \
		{ cat $(OUT)/grub-mkrescue.log >&2; exit 1; }
	@echo "built $@"
iso: $(ISO)

-include $(OBJECTS:.o=.d) $(APP_OBJECTS:.o=.d) $(LIB_OBJECTS:.o=.d)

# ---- set-up and running ------------------------------------------------------------------------
IMAGE := $(if $(filter direct,$(BOOT)),$(ELF),$(ISO))
# `make -n` runs the lines that call make, and must not build QEMU by that.
DRY_RUN := $(findstring n,$(filter-out x-%,$(firstword x$(MAKEFLAGS))))
FIND_QEMU := $(if $(DRY_RUN),echo qemu,tools/find-qemu.sh)
# Two runs at once in one tree build one after the other.
IN_TURN := $(if $(DRY_RUN),,mkdir -p $(BUILD) && flock $(BUILD)/.lock)

.PHONY: setup qemu run gdb gdb-attach image doctor help
setup:
	@tools/setup.sh run
qemu: setup
	@tools/find-qemu.sh

# A make of its own for the image: on a bare machine this one has read the Makefile without compiler.
# What a knob says wrong is told before anything is built.
run gdb: setup
	@$(PYTHON) tools/run.py --check
	@$(FIND_QEMU) > /dev/null && $(IN_TURN) $(MAKE) --no-print-directory image
	@exec $(PYTHON) tools/run.py $(if $(filter gdb,$@),--gdb)
gdb-attach: $(ELF)
	@exec gdb $(ELF) -ex "target remote :$$($(PYTHON) tools/run.py --gdb-port)"
image: $(IMAGE)

doctor:
	@tools/doctor.sh

.PHONY: walk
walk:
	@$(PYTHON) tools/walk.py

# Templates of tools/templates, with NAME= (and ID=) filled in.
.PHONY: new-app new-driver
new-app new-driver: export NAME := $(value NAME)
new-app new-driver: export ID := $(value ID)
new-app new-driver:
	@$(PYTHON) tools/new.py $(@:new-%=%)

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile
	@$(PYTHON) tools/run.py --help | sed -n '/^knobs/,$$p'

#: make run             set up what is missing, boot the ISO in QEMU, run the demo
#: make test            the same set-up, then every test; FULL=1 for the long ones too
#: make doctor          what is missing or odd on this machine, and the line that mends it
#: make walk            the way from power-on to a driver, and of one request, hop by hop
#: make gdb             start QEMU stopped; then, in another terminal: make gdb-attach
#: make new-app NAME=x, make new-driver NAME=x [ID=virtio id]   files to begin with
#: make kernel, iso     only the image, of APP
#: make qemu            only QEMU with virtio-simple; prints its path
#: make setup           only the packages
#: make test-list WORD  every test that has WORD in its name, file or description; without: all
#: make style, layers, headers, test-host      one part of make test
#: make compile_commands.json                  for clangd
#: make clean           remove what make made; distclean: and the QEMU it built
#: UBSAN=1              with run, test, kernel: undefined behaviour panics, and names its line
#: other settings: CC=clang, CROSS_COMPILE=x86_64-linux-gnu-, BUILD=folder, V=1, EXTRA_CFLAGS=
#: WITHOUT=drivers/virtio/simple/virtio_simple.c      leaves a driver out of the image
#:

# ---- testing -----------------------------------------------------------------------------------
APPS := $(notdir $(basename $(wildcard $(APP_DIRS:%=%/*.c))))
HEADERS := $(wildcard boot/*.h kernel/*.h kernel/*/*.h drivers/*/*.h drivers/*/*/*.h \
	$(APP_DIRS:%=%/*/*.h) net/*.h net/arch/*.h)

.PHONY: test test-ubsan images kernels style layers headers
test:
	@tools/setup.sh test
	@MAKE="$(MAKE)" exec $(PYTHON) tools/test.py
# The test cases themselves say which images they boot: lines such as "iso APP=demo".
images:
	@list="$$($(PYTHON) tests/boot/images.py)" && echo "$$list" | while read -r goals; do \
		$(MAKE) --no-print-directory $$goals < /dev/null || exit 1; \
	done
# Every case once more, in images where undefined behaviour is a panic.
test-ubsan:
	@$(MAKE) --no-print-directory UBSAN=1 BUILD=$(BUILD)/test-ubsan images
	@BUILD=$(BUILD)/test-ubsan UBSAN=1 $(PYTHON) -m pytest tests/boot/test_cases.py -q \
		-p no:cacheprovider $(if $(shell $(PYTHON) -c 'import xdist' 2>&1),,-p xdist -n 2)
# A make for each app, several at once with -j; what they share is compiled by the first ones alone.
.PHONY: $(APPS:%=kernel-of-%)
KERNELS := $(APPS:%=kernel-of-%)
kernels: $(KERNELS)
kernel-of-demo: ;@$(MAKE) --no-print-directory APP=demo kernel
kernel-of-netecho: kernel-of-demo
$(filter-out kernel-of-demo kernel-of-netecho,$(KERNELS)): kernel-of-netecho
kernel-of-shell: kernel-of-lspci kernel-of-lsvirtio
$(filter-out kernel-of-demo,$(KERNELS)): kernel-of-%: ;@$(MAKE) --no-print-directory APP=$* kernel
style:
	@$(PYTHON) tools/style.py
layers:
	@$(PYTHON) tools/layers.py
# Each header stands on its own: it compiles without another before it.
headers: $(UAPI)/.ready $(LWIP_STAMP)
	@for header in $(HEADERS); do \
		$(CC) $(CPPFLAGS) $(LWIP_CPPFLAGS) $(CFLAGS) -fsyntax-only -include $$header -x c /dev/null || exit 1; \
	done
	@echo "headers: $(words $(HEADERS)) compile on their own"
-include tests/host/host.mk

# ---- for editors, and tidying up ---------------------------------------------------------------
.PHONY: compile_commands.json clean distclean
compile_commands.json: EDITED = $(SOURCES) $(wildcard $(APP_DIRS:%=%/*.c) $(APP_DIRS:%=%/*/*.c) net/*.c)
compile_commands.json: $(UAPI)/.ready
	@command=$$(printf '%s' '$(CC) $(CPPFLAGS) $(LWIP_CPPFLAGS) $(CFLAGS)' | sed 's/[\\"]/\\&/g'); separator='['; \
	for file in $(EDITED); do \
		printf '%s\n{"directory": "%s", "file": "%s", "command": "%s -c %s"}' \
			"$$separator" "$(CURDIR)" "$$file" "$$command" "$$file"; \
		separator=','; \
	done > $@; echo ']' >> $@
	@echo "made $@ for $(words $(EDITED)) files"

clean:
	@rm -rf "$(BUILD)" compile_commands.json .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
distclean: clean
	@cache="$${DOORBELL_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/doorbell}"; \
		rm -rf "$$cache"; echo "removed $$cache; the next make run builds QEMU again"

endif # test-list
