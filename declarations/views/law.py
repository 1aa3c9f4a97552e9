"""The law of a month with its sources, and the calculator that any visitor can use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from declarations import selectors
from declarations.calculator import (
    CALCULATIONS,
    CALCULATIONS_WITHIN,
    calculate,
    missing_sentence,
    not_in_force_sentence,
    wrong_sentence,
)
from declarations.explaining import explain, percent
from declarations.law_forms import CaseForm, FactsForm, facts_form
from declarations.law_of_month import law_of_month
from declarations.taxlaw.case import FactsMissing, WrongFact
from declarations.taxlaw.facts import ACCRUED
from declarations.taxlaw.methods import Result, method_of
from declarations.taxlaw.parameters import NotInForce
from declarations.taxlaw.tax_month import format_tax_month, is_covered, parse_tax_month
from declarations.taxlaw.working import to_fen
from portal.guards import login_required
from portal.http import AuthenticatedHttpRequest, client_address, network
from portal.limits import LoginIsClosed, reserve


@login_required
@require_safe
def law_now(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """Lead to the law of the month that is asked for, or of the month that is declared now."""
    try:
        tax_month = parse_tax_month(request.GET.get("month", ""))
    except ValueError:
        tax_month = selectors.default_month()
    if not is_covered(tax_month):
        tax_month = selectors.default_month()
    return redirect("law:law", tax_month)


@login_required
@require_safe
def law(request: AuthenticatedHttpRequest, tax_month: date) -> HttpResponseBase:
    """Show the values and methods in force for a month, each with its sources."""
    if not is_covered(tax_month):
        raise Http404
    return render(request, "declarations/law.html", {"law": law_of_month(tax_month)})


@require_http_methods(["GET", "HEAD", "POST"])
def calculator(request: HttpRequest) -> HttpResponse:
    """Compute the tax of one income. The address says whose and of which month, never how much."""
    chosen = {"month": format_tax_month(selectors.default_month()), "item": "0101"}
    case_form = CaseForm(chosen | request.GET.dict())
    if not case_form.is_valid():
        return _page(request, case_form)
    case = case_form.case()
    try:
        method = method_of(case)
    except NotInForce as error:
        return _page(request, case_form, no_rule=not_in_force_sentence(error, case))
    form = facts_form(
        method.inputs,
        request.POST if request.method == "POST" else None,
        tax_month=case.tax_month,
        method=method.name,
    )
    if not form.is_valid():
        return _page(request, case_form, form)
    turn = reserve(
        "calculator",
        network(client_address(request)),
        limit=CALCULATIONS,
        length=CALCULATIONS_WITHIN,
    )
    if isinstance(turn, LoginIsClosed):
        form.add_error(None, _("计算的次数过多,请过一分钟再试。填写的内容仍在"))
        response = _page(request, case_form, form)
        response.status_code = 429
        response["Retry-After"] = str(int(turn.retry_after.total_seconds()) + 1)
        return response
    case = replace(case, inputs={**case.inputs, **form.facts()})
    try:
        return _page(request, case_form, form, result=calculate(case))
    except NotInForce as error:
        return _page(request, case_form, form, no_rule=not_in_force_sentence(error, case))
    except FactsMissing as missing:
        for fact in missing.facts:
            form.add_error(_field(form, fact), missing_sentence(fact, case))
    except WrongFact as wrong:
        form.add_error(_field(form, wrong.fact), wrong_sentence(wrong.fact, case))
    return _page(request, case_form, form)


def _field(form: FactsForm, fact: str) -> str | None:
    """Return the field of a fact; interest has one for each period, of which the first will do."""
    if fact == ACCRUED:
        return next((name for name in form.fields if name.startswith(ACCRUED)), None)
    return fact if fact in form.fields else None


def _page(
    request: HttpRequest,
    case_form: CaseForm,
    form: FactsForm | None = None,
    *,
    result: Result | None = None,
    no_rule: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "case_form": case_form,
        "facts_form": form,
        "no_rule": no_rule,
    }
    # The frame and the summary of errors speak of `form`.
    context["form"] = case_form if case_form.errors else form
    if case_form.is_valid():
        context["case"] = case_form.case()
    if result:
        assessment = result.assessment
        context |= {
            "explanation": explain(result),
            "taxable": to_fen(assessment.taxable),
            "rate": percent(assessment.rate),
            "assessment": assessment,
        }
    return render(request, "declarations/calculator.html", context)
