"""python -m benchmarks [NAME…]: run the measurements, each on a database of its own."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile

NAMES = [
    "check_lines",
    "explain_months",
    "import_payments",
    "print_form",
    "reconcile_province",
]


def main() -> None:
    """Run each named measurement in a process of its own, and print what it found as JSON."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(importlib.import_module(f"benchmarks.{sys.argv[2]}").run(), indent=1))  # noqa: T201
        return
    for name in sys.argv[1:] or NAMES:
        with tempfile.TemporaryDirectory(prefix="bench-", dir="/var/tmp") as home:
            environment = {**os.environ, "PORTAL_HOME": home}
            for variable in ("DATABASE_URL", "REDIS_URL"):
                environment.pop(variable, None)
            manage = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(manage, env=environment, check=True)
            one = [sys.executable, "-m", "benchmarks", "--one", name]
            subprocess.run(one, env=environment, check=True)


if __name__ == "__main__":
    main()
