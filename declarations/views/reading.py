"""明细申报数据管理, a declaration, its receipt, the code tables and the templates."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from declarations import filling_rules as rules
from declarations import selectors
from declarations.finding_words import worded
from declarations.models import Declaration, Kind
from declarations.tables import draft_table, filed_table
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from declarations.taxlaw.tax_month import CUMULATIVE_FROM, previous_month
from declarations.workbook import form_of
from declarations.workbook_template import write_template
from portal.guards import agent_required, login_required
from portal.http import AuthenticatedHttpRequest

LINES_A_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@agent_required
@require_safe
def declarations(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """List a year's months, each with its drafts and what is in force."""
    agent = selectors.access_own_agent(request.user)
    years = selectors.years_of(agent)
    typed = request.GET.get("year", "")
    year = int(typed) if re.fullmatch(r"[0-9]{4}", typed) else None
    if year not in years and not (year and selectors.has_declarable_months(year)):
        year = selectors.newest_year_of(agent)
    months = selectors.months_of_year(agent, year)
    return render(
        request,
        "declarations/declarations.html",
        {
            "years": years,
            "year": year,
            "months": months,
            "has_drafts": any(row.is_draft for month in months for row in month.rows),
            "watermark": selectors.watermark(),
            "default_month": selectors.default_month(),
        },
    )


@login_required
@require_safe
def declaration(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show a declaration: a draft in its editor, a filed one as evidence."""
    declaration = selectors.access_declaration(request.user, public_id)
    if declaration.status == Declaration.Status.DRAFT:
        return _editor(request, declaration)
    return _evidence(request, declaration)


def _editor(request: AuthenticatedHttpRequest, draft: Declaration) -> HttpResponse:
    tax_month = draft.agent_month.tax_month
    pages = Paginator(selectors.draft_lines_of(draft), LINES_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    checked = selectors.checked_lines(list(page), tax_month, "the editor of a draft")
    assessed = selectors.assessed_draft_lines(draft, checked)
    context = {
        "declaration": draft,
        "page": page,
        "table": draft_table(
            checked, tax_month, assessed=assessed if draft.kind == Kind.REGULAR else None
        ),
        "phone": draft.phone.reveal("the editor of a draft"),
        "in_force": selectors.versions_of(draft).in_force().first(),
    }
    return render(request, "declarations/draft.html", context)


def _evidence(request: AuthenticatedHttpRequest, declaration: Declaration) -> HttpResponse:
    month = declaration.agent_month
    # An agent's own clerks see their persons in full, and that they did is audited.
    is_own = request.user.agent_id == month.agent_id
    reason = "the agent's own declaration" if is_own else None
    pages = Paginator(selectors.detail_lines_of(declaration), LINES_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = list(page)
    assessed = selectors.assessed_detail_lines(declaration, rows)
    findings = Paginator(selectors.findings_in(declaration), LINES_A_PAGE)
    findings_page = findings.get_page(request.GET.get("findings"))
    totals = selectors.totals_of(declaration)
    complete_to = selectors.watermark()
    context = {
        "declaration": declaration,
        "is_own": is_own,
        "page": page,
        "findings_page": findings_page,
        "findings": worded(map(selectors.read_finding, findings_page), month.tax_month),
        "table": filed_table(
            rows,
            month.tax_month,
            reason=reason,
            assessed=assessed if declaration.kind == Kind.REGULAR else None,
        ),
        "phone": declaration.phone.reveal(reason) if reason else str(declaration.phone),
        "totals": totals,
        "grand_total": selectors.grand_total(totals),
        "versions": list(selectors.versions_of(declaration)),
        "draft": selectors.draft_beside(declaration) if is_own else None,
        "corrected": selectors.version_before(declaration),
        "lamps": selectors.lamps(
            declaration, selectors.current_result(month, complete_to), complete_to
        ),
    }
    return render(request, "declarations/declaration.html", context)


@login_required
@require_safe
def receipt(request: AuthenticatedHttpRequest, public_id: UUID) -> HttpResponseBase:
    """Show the receipt of a filed declaration, for good."""
    declaration = selectors.access_declaration(request.user, public_id)
    if declaration.status == Declaration.Status.DRAFT:
        return redirect(declaration)
    month = declaration.agent_month
    totals = selectors.totals_of(declaration)
    complete_to = selectors.watermark()
    is_own = request.user.agent_id == month.agent_id
    context = {
        "declaration": declaration,
        "is_own": is_own,
        "unregistered": selectors.persons_not_in_register(declaration) if is_own else None,
        "totals": totals,
        "grand_total": selectors.grand_total(totals),
        "lamps": selectors.lamps(
            declaration, selectors.current_result(month, complete_to), complete_to
        ),
    }
    return render(request, "declarations/receipt.html", context)


@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """Show the code tables of the form."""
    tables = [
        (_("所得项目编码表"), "income_items", INCOME_ITEMS),
        (_("职业编码表"), "occupations", OCCUPATIONS),
        (_("国家和地区编码表"), "countries", COUNTRIES),
        (_("身份证照类型"), "document_types", DOCUMENT_TYPES),
    ]
    return render(request, "declarations/codes.html", {"tables": tables})


@require_safe
def filling_rules(request: HttpRequest) -> HttpResponse:
    """Show 填表说明, the rules of both forms, for everybody."""
    forms = [
        (form_of(month), title, rules.filling_rules(month))
        for month, title in (
            (CUMULATIVE_FROM, _("2019 年 1 月起的申报表")),
            (previous_month(CUMULATIVE_FROM), _("2018 年 12 月以前的申报表")),
        )
    ]
    return render(request, "declarations/filling_rules.html", {"forms": forms})


@login_required
@require_safe
def template(request: AuthenticatedHttpRequest, tax_month: date) -> HttpResponseBase:
    """Give out the empty workbook of a tax month's form."""
    if not selectors.is_declarable(tax_month):
        raise Http404
    response = HttpResponse(write_template(tax_month), content_type=XLSX)
    name = f"declaration-lines-{form_of(tax_month)}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
