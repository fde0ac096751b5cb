# SPDX-License-Identifier: MIT
LIBS = lwip
# page.c takes it in as it is.
$(BUILD)/obj/apps/httpd/page.c.o: apps/httpd/page.html
