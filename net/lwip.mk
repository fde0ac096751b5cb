# SPDX-License-Identifier: MIT
# liblwip.a: the distribution's lwIP, compiled as the kernel is. net.mk calls this make once it has
# the sources, because which files there are depends on their version.
#   LWIP_SOURCE=folder LWIP_OBJECTS=folder, and CC, CPPFLAGS, CFLAGS, AR, Q as there

LWIP_FILES := $(wildcard $(LWIP_SOURCE)/src/core/*.c $(LWIP_SOURCE)/src/core/ipv4/*.c \
	$(LWIP_SOURCE)/src/core/ipv6/*.c) $(LWIP_SOURCE)/src/netif/ethernet.c
OBJECTS := $(patsubst $(LWIP_SOURCE)/src/%.c,$(LWIP_OBJECTS)/%.o,$(LWIP_FILES))
# Warnings in other people's code are theirs to mend, and checks at run time are for ours.
LWIP_CFLAGS := $(filter-out -W%,$(CFLAGS)) -w -fno-sanitize=all

$(LWIP_OBJECTS)/liblwip.a: $(OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(OBJECTS)
	@echo "built $@ ($(notdir $(LWIP_SOURCE)))"

$(LWIP_OBJECTS)/%.o: $(LWIP_SOURCE)/src/%.c net/lwipopts.h net/arch/cc.h net/hooks.h \
		$(wildcard net/shim/*.h) net/lwip.mk $(LWIP_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LWIP_CPPFLAGS) -Inet/shim $(LWIP_CFLAGS) -c $< -o $@
