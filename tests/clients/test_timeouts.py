# SPDX-License-Identifier: Apache-2.0
"""Libraries from npm that give up waiting, and that do not."""

import unittest

from expect import gives_up, waits
from libraries_base import Libraries, lanes_as_tests, waiting


@lanes_as_tests
class Timeouts(Libraries):
    table = [
        waiting("timeouts", "fetch", *waits()),
        waiting("timeouts", "fetch signal", *gives_up(1, "total")),
        waiting("timeouts", "axios", *waits()),
        waiting("timeouts", "axios timeout", *gives_up(1, "idle")),
        waiting("timeouts", "got request", *gives_up(1, "total")),
        waiting("timeouts", "got response", *gives_up(1, "idle")),
        waiting("timeouts", "ky", *gives_up(1, "idle")),
        waiting("timeouts", "superagent deadline", *gives_up(1.2, "total")),
        waiting("timeouts", "superagent response", *gives_up(1, "idle")),
        waiting("timeouts", "undici headers", *gives_up(1, "idle", more=1)),
    ]


if __name__ == "__main__":
    unittest.main()
