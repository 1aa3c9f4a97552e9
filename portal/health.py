"""Whether a process lives: for the containers' health checks and the load balancer.

`python -m portal.health web` (or `beat`) asks from inside the container and exits with 0 or 1.
"""

import os
import sys
import time
import urllib.request
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from portal.home import default_home

BEAT_SECONDS = 600


@require_GET
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """Answer. Asks nothing of the database: a process is alive without it."""
    return HttpResponse("ok\n", content_type="text/plain")


def web_answers() -> bool:
    """Return whether the web server of this machine answers."""
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
    request = urllib.request.Request(
        f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/livez", headers={"Host": name}
    )
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def beat_ticks() -> bool:
    """Return whether the timetable has written its schedule of late (it does every 3 minutes)."""
    folder = Path(os.environ.get("PORTAL_HOME") or default_home()) / "beat"
    youngest = max((path.stat().st_mtime for path in folder.glob("schedule*")), default=0.0)
    return time.time() - youngest < BEAT_SECONDS


PROBES = {"web": web_answers, "beat": beat_ticks}

if __name__ == "__main__":
    sys.exit(0 if PROBES[sys.argv[1]]() else 1)
