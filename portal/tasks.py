"""What the workers do for the portal itself. A message is a hint with ids."""

from __future__ import annotations

from celery import shared_task

from portal import selectors
from portal.hints import hint
from portal.services import jobs


@shared_task(name="portal.run_job")
def run_job(job_id: int) -> None:
    """Carry out a job."""
    jobs.run_job(job_id)


@shared_task(name="portal.sweep_jobs")
def sweep_jobs() -> None:
    """Hint again at every job that nobody seems to be at; beat runs it every 30 seconds."""
    for job_id in selectors.due_jobs().values_list("pk", flat=True):
        hint("portal.run_job", job_id)
