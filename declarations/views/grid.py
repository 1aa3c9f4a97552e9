"""表格编辑: the grid's page, the lines it shows, and the changes it sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from declarations import grid, selectors
from declarations.explaining import explain
from declarations.models import Declaration
from declarations.refusals import NotADraft
from declarations.selectors.grid import (
    judged_lines,
    last_import_of,
    look_of,
    opened_lines,
    revision_of,
    typed_lines,
)
from declarations.services.drafts import MAX_DRAFT_LINES
from declarations.services.grid import Change, DraftIsNewer, NewLine, change_lines, keep_look
from declarations.services.undoing import take_import_back
from declarations.workbook import headings_of
from portal.errors import Refusal
from portal.guards import agent_required
from portal.http import AuthenticatedHttpRequest
from portal.models import User

P = ParamSpec("P")
_EDITOR = "the editor of a draft"


class Malformed(ValueError):
    """The request is not one that the grid's script makes."""


def _answering(
    view: Callable[Concatenate[AuthenticatedHttpRequest, P], HttpResponse],
) -> Callable[Concatenate[AuthenticatedHttpRequest, P], HttpResponse]:
    """Turn what a view refuses into an answer for a script."""

    @wraps(view)
    def answered(
        request: AuthenticatedHttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DraftIsNewer as refusal:
            return _refused(refusal, 412)
        except Refusal as refusal:
            return _refused(refusal, 409)
        except (Malformed, RequestDataTooBig):
            return JsonResponse({"code": "MALFORMED"}, status=400)

    return answered


def _own_draft(user: User, public_id: UUID) -> Declaration:
    draft = selectors.access_own_declaration(user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        raise NotADraft(draft)
    return draft


def _refused(refusal: Refusal, status: int) -> HttpResponse:
    return JsonResponse({"code": refusal.code, "sentence": str(refusal)}, status=status)


@agent_required
@require_safe
def page(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show the grid of a draft; its lines come by a request of their own."""
    draft = selectors.access_own_declaration(request.user, public_id)
    if draft.status != Declaration.Status.DRAFT:
        return redirect(draft)
    setup = grid.setup(draft.agent_month.tax_month, look_of(request.user))
    context = {"declaration": draft, "setup": setup}
    return render(request, "declarations/grid.html", context)


@agent_required
@require_http_methods(["GET", "HEAD", "POST"])
@_answering
def lines(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with all lines as typed; or take a change, and answer with what it came to."""
    draft = _own_draft(request.user, public_id)
    if request.method == "POST":
        return _change(request, draft)
    # Read before the lines: a change meanwhile makes it the older one, which the next save tells.
    revision = revision_of(draft)
    typed = ",\n".join(
        f'["{public_id}",{cells}]' for public_id, cells in typed_lines(draft, _EDITOR)
    )
    last = json.dumps(grid.imported(last_import_of(draft)))
    body = f'{{"revision":"{revision}","imported":{last},"lines":[{typed}]}}'
    return HttpResponse(body, content_type="application/json", headers={"ETag": f'"{revision}"'})


@agent_required
@require_POST
@_answering
def undo_import(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """撤销上次导入: take the last workbook's lines out, and put those it replaced back."""
    draft = _own_draft(request.user, public_id)
    revision = request.headers.get("If-Match", "").strip('"')
    taken, back = take_import_back(draft, revision=revision)
    return JsonResponse({"taken": taken, "back": back})


@agent_required
@require_POST
@_answering
def look(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Remember how the user has set up the grid."""
    body = _body(request)
    widths, is_dense = _of(body, "widths"), _of(body, "isDense")
    known = isinstance(widths, dict) and widths.keys() <= grid.fields()
    if not known or type(is_dense) is not bool:
        raise Malformed
    if not all(type(width) is int and 48 <= width <= 800 for width in widths.values()):
        raise Malformed
    keep_look(request.user, widths=widths, is_dense=is_dense)
    return HttpResponse(status=204)


def _change(request: AuthenticatedHttpRequest, draft: Declaration) -> HttpResponse:
    revision = request.headers.get("If-Match", "").strip('"')
    written = change_lines(draft, _change_in(request, draft), revision=revision)
    month = draft.agent_month.tax_month
    revision = revision_of(draft)
    outcome = [grid.judged(line, month) for line in judged_lines(draft, written)]
    answer = JsonResponse({"revision": revision, "lines": outcome})
    answer["ETag"] = f'"{revision}"'
    return answer


@agent_required
@require_POST
@_answering
def checks(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with what is wrong with some lines, and with their computed columns."""
    draft = _own_draft(request.user, public_id)
    ids = [_uuid(each) for each in _listed(_body(request), "lines", most=grid.ROWS_A_REQUEST)]
    month = draft.agent_month.tax_month
    judged = judged_lines(draft, opened_lines(draft, ids))
    return JsonResponse({"lines": [grid.judged(line, month) for line in judged]})


@agent_required
@require_safe
@_answering
def law(request: AuthenticatedHttpRequest, public_id: UUID, line_id: UUID) -> HttpResponse:
    """Answer with how the computed columns of a line came about, as a piece of a page."""
    line = selectors.access_own_line(request.user, public_id, line_id)
    draft = line.declaration
    judged = judged_lines(draft, opened_lines(draft, [line.public_id]))[0]
    result = judged.assessed.result if judged.assessed else None
    context = {
        "explanation": explain(result) if result else None,
        "faults": bool(judged.checked.faults),
    }
    return render(request, "declarations/_grid_law.html", context)


def _change_in(request: AuthenticatedHttpRequest, draft: Declaration) -> Change:
    body = _body(request)
    columns = frozenset(headings_of(draft.agent_month.tax_month))
    changed = _listed(body, "changed", most=grid.ROWS_A_REQUEST)
    inserted = _listed(body, "inserted", most=grid.ROWS_A_REQUEST - len(changed))
    new = [
        NewLine(_uuid(_of(each, "id")), _place(_of(each, "at")), _cells(each, columns))
        for each in inserted
    ]
    return Change(
        deleted=[_uuid(each) for each in _listed(body, "deleted", most=MAX_DRAFT_LINES)],
        changed={_uuid(_of(each, "id")): _cells(each, columns) for each in changed},
        inserted=sorted(new, key=lambda line: line.at),
    )


def _body(request: AuthenticatedHttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Malformed from error


def _of(value: Any, key: str) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise Malformed
    return value[key]


def _listed(body: Any, key: str, *, most: int) -> list[Any]:
    listed = _of(body, key)
    if not isinstance(listed, list) or len(listed) > most:
        raise Malformed
    return listed


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str):
        raise Malformed
    try:
        return UUID(value)
    except ValueError as error:
        raise Malformed from error


def _place(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= MAX_DRAFT_LINES:
        raise Malformed
    return value


def _cells(value: Any, columns: frozenset[str]) -> dict[str, str]:
    cells = _of(value, "cells")
    if not isinstance(cells, dict) or not cells.keys() <= columns:
        raise Malformed
    for text in cells.values():
        if not isinstance(text, str) or len(text) > grid.TYPED_LIMIT:
            raise Malformed
        try:
            text.encode()
        except UnicodeEncodeError as error:  # half of a pair: no text at all
            raise Malformed from error
    return cells
