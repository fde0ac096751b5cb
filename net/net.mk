# SPDX-License-Identifier: MIT
# The network, for apps that ask for it: apps/NAME/app.mk says LIBS = lwip. Other images neither
# link it nor need lwIP's sources, which tools/fetch-lwip.sh brings (LWIP= names another tree).

LWIP ?=
export LWIP
LWIP_STAMP := $(BUILD)/lwip/ready
LWIP_LIB := $(BUILD)/lwip/liblwip.a
# What a file that includes <lwip/...> is compiled with; -Inet for lwipopts.h and arch/cc.h.
LWIP_CPPFLAGS := -isystem $(BUILD)/lwip/source/src/include -Inet

ifneq ($(filter lwip,$(LIBS)),)
LIB_SOURCES := $(wildcard net/*.c)
LIB_ARCHIVES := $(LWIP_LIB)
LIB_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(LIB_SOURCES))
$(APP_OBJECTS) $(LIB_OBJECTS): LIB_CPPFLAGS := $(LWIP_CPPFLAGS)
$(APP_OBJECTS) $(LIB_OBJECTS): $(LWIP_STAMP)
endif

# Written anew only when the sources are others.
$(LWIP_STAMP): FORCE
	@mkdir -p $(@D)
	@source=$$(tools/fetch-lwip.sh) && ln -sfn "$$source" $(@D)/source && \
		{ echo "$$source" | cmp -s - $@ || echo "$$source" > $@; }
$(LWIP_LIB): $(LWIP_STAMP) $(BUILD)/flags $(UAPI)/.ready FORCE
	@$(MAKE) $(if $(filter 1,$(V)),,-s) --no-print-directory -f net/lwip.mk \
		LWIP_SOURCE=$$(cat $(LWIP_STAMP)) LWIP_OBJECTS=$(@D) \
		LWIP_STAMP='$(LWIP_STAMP) $(BUILD)/flags' \
		LWIP_CPPFLAGS='$(LWIP_CPPFLAGS)' CC='$(CC)' AR='$(AR)' Q='$(Q)' \
		CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)'
