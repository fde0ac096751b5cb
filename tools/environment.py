# SPDX-License-Identifier: MIT
"""What the tests get to see of the environment of whoever starts them.

A variable can change what any program does that a test asks: its language, its colours, the folders
it looks in. So there is a list of those that are let through, rather than of those that are not.
"""

import os

# Where things are, and how the network is reached.
PLACES = """PATH HOME USER LOGNAME SHELL TMPDIR LD_LIBRARY_PATH PYTHONPATH PYTHONUSERBASE
    PYTHONDONTWRITEBYTECODE DOORBELL_CACHE XDG_CACHE_HOME APT_CONFIG LWIP
    http_proxy https_proxy ftp_proxy all_proxy no_proxy
    HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY""".split()
# Settings of `make test`. Those of one run are not among them: the tests choose their own.
SETTINGS = "BUILD CC CROSS_COMPILE DOORBELL_QEMU EXTRA_CFLAGS FULL QEMU UBSAN V".split()
FIXED = {"LC_ALL": "C.UTF-8", "TERM": "dumb"}


def for_tests(environ):
    """Of an environment, what is left for the tests."""
    kept = {name: environ[name] for name in PLACES + SETTINGS if name in environ}
    return {"HOME": os.path.expanduser("~"), **kept, **FIXED}


def narrow():
    """The same for this process, which is a worker of pytest's, say, with variables of its own."""
    kept = for_tests(os.environ)
    for name in set(os.environ) - set(kept):
        if not name.startswith("PYTEST_"):
            del os.environ[name]
    os.environ.update(kept)
