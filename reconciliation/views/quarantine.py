"""The operators' pages about rows that could not be loaded."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.errors import Refusal
from portal.guards import officer_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User
from reconciliation import selectors, wording
from reconciliation.forms import QuarantineFilterForm, ReasonForm
from reconciliation.models import QuarantinedRow
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
    """Show one row, and put it aside for a reason."""
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
            "text": selectors.row_as_shown(row),
            "reason": wording.quarantine_sentence(row.code),
            "form": form,
        },
    )
