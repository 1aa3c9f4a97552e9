"""进行中的任务: what takes longer than a page, how far it is, and how it ended."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal import selectors
from portal.guards import login_required, polled
from portal.http import AuthenticatedHttpRequest
from portal.jobs import kind_of, percent_of, sentence_of
from portal.models import Job
from portal.services.jobs import cancel_job, see_end

LISTED = 50


@login_required
@require_safe
def jobs(request: AuthenticatedHttpRequest) -> HttpResponse:
    """List one's jobs of the last weeks, the newest first."""
    listed = [_shown(job) for job in selectors.jobs_of(request.user)[:LISTED]]
    return render(request, "portal/jobs.html", {"jobs": listed, "listed": LISTED})


@polled
@login_required
@require_safe
def job(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show a job. When it has led somewhere, the first look at its end goes on to there.

    Polled: without scripts the page asks for itself again and again.
    """
    job = selectors.access_job(request.user, public_id)
    is_news = request.method == "GET" and see_end(job)
    page = kind_of(job.kind).page(job)
    if is_news and page and job.state in (Job.State.DONE, Job.State.REFUSED):
        if job.state == Job.State.DONE:
            messages.success(request, sentence_of(job))
        return redirect(page)
    return render(request, "portal/job.html", _shown(job))


@polled
@login_required
@require_safe
def job_progress(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Say where a job is, for the page that asks every second."""
    job = selectors.access_job(request.user, public_id)
    shown = {
        "ended": job.finished_at is not None,
        "percent": percent_of(job),
        # The words of the end stand on the page that the browser goes on to.
        "sentence": "" if job.finished_at else sentence_of(job),
    }
    return JsonResponse(shown)


@login_required
@require_POST
def job_cancel(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for a job to be ended."""
    job = selectors.access_job(request.user, public_id)
    cancel_job(job)
    return redirect(job)


@polled
@login_required
@require_safe
def job_tray(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Return the tray of the top bar, for the pages that ask while something is unfinished."""
    context = {"tray": selectors.tray_of(request.user)}
    return render(request, "portal/_tray.html", context)


def _shown(job: Job) -> dict[str, object]:
    return {
        "job": job,
        "label": kind_of(job.kind).label,
        "page": kind_of(job.kind).page(job),
        "percent": percent_of(job),
        "sentence": sentence_of(job),
    }
