"""The operators' pages about rows that could not be loaded."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.errors import Refusal
from portal.guards import officer_required, step_up_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User
from reconciliation import selectors, wording
from reconciliation.forms import CorrectionForm, QuarantineFilterForm, ReasonForm
from reconciliation.models import FeedKind, QuarantinedRow
from reconciliation.refusals import CorrectionIsRefused, RowHasLeft
from reconciliation.services import operations

ROWS_A_PAGE = 50


@officer_required(User.Role.OPERATOR)
@require_safe
def quarantine(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Show the rows in quarantine by code, with how many there are of each."""
    form = QuarantineFilterForm(request.GET or None)
    code = form.cleaned_data["code"] if form.is_valid() else ""
    page = Paginator(selectors.quarantine(code), ROWS_A_PAGE).get_page(request.GET.get("page"))
    codes = [
        {
            "code": each,
            "label": QuarantinedRow.Code(each).label,
            "rows": rows,
            "reason": wording.quarantine_sentence(each),
        }
        for each, rows in selectors.quarantine_counts().items()
    ]
    return render(
        request,
        "reconciliation/quarantine.html",
        {
            "form": form,
            "codes": codes,
            "page": page,
            "rows": [{"row": row, "text": selectors.row_as_shown(row)} for row in page.object_list],
            "query": f"?{urlencode({'code': code})}&" if code else "?",
        },
    )


@officer_required(User.Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def quarantined_row(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Show one row as it came and as it was corrected, and put it aside for a reason."""
    row = selectors.access_quarantined_row(public_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.dismiss_row(
                row,
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("reconciliation:quarantined_row", public_id=public_id)
        messages.success(
            request,
            _("文件 %(file)s 第 %(line)d 行已处理,移出隔离区。")
            % {"file": row.feed_file, "line": row.line_number},
        )
        return redirect("reconciliation:quarantine")
    return render(
        request,
        "reconciliation/quarantined_row.html",
        {
            "row": row,
            "texts": _texts(row, selectors.texts_as_shown(row)),
            "names_a_person": row.kind == FeedKind.SWDJ,
            "reason": wording.quarantine_sentence(row.code),
            "form": form,
        },
    )


@officer_required(User.Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def reveal_row(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Ask for the reason, then show a whole row, ready to be corrected."""
    row = selectors.access_quarantined_row(public_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            texts = operations.reveal_row(row, by=request.user, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("reconciliation:quarantined_row", public_id=public_id)
        correction = CorrectionForm(initial={"text": texts[-1]})
        return _correction_page(request, row, texts, correction)
    return render(request, "reconciliation/reveal_row.html", {"row": row, "form": form})


@officer_required(User.Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@step_up_required
def correct_row(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Let a row be typed anew, and try it at once. One that names a person is not filled in."""
    row = selectors.access_quarantined_row(public_id)
    texts = selectors.texts_as_shown(row)
    typed = texts[-1] if row.kind == FeedKind.JKRK else ""
    form = CorrectionForm(request.POST or None, initial={"text": typed})
    if request.method == "POST" and form.is_valid():
        try:
            correction = operations.correct_row(
                row,
                form.cleaned_data["text"],
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
        except RowHasLeft as refusal:
            messages.error(request, str(refusal))
            return redirect("reconciliation:quarantined_row", public_id=public_id)
        except Refusal as refusal:
            at_field = isinstance(refusal, CorrectionIsRefused)
            form.add_error("text" if at_field else None, str(refusal))
        else:
            messages.success(request, wording.correction_sentence(correction))
            return redirect("reconciliation:quarantined_row", public_id=public_id)
    return _correction_page(request, row, texts, form)


def _correction_page(
    request: AuthenticatedHttpRequest, row: QuarantinedRow, texts: list[str], form: CorrectionForm
) -> HttpResponse:
    return render(
        request,
        "reconciliation/correct_row.html",
        {
            "row": row,
            "texts": _texts(row, texts),
            "reason": wording.quarantine_sentence(row.code),
            "form": form,
        },
    )


def _texts(row: QuarantinedRow, texts: list[str]) -> dict[str, object]:
    """Return a row's text as it came, and each correction with its own."""
    original, *corrected = texts
    return {
        "original": original,
        "corrections": list(zip(row.corrections.all(), corrected, strict=False)),
    }
