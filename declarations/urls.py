"""The addresses of declarations. A person's name or number stands in none of them."""

from django.urls import path

from declarations import converters  # noqa: F401  registers tax_month
from declarations.views import (
    comparing,
    drafts,
    filing,
    grid,
    lines,
    printing,
    reading,
    several,
    taking_back,
    uploads,
    workbooks,
)

app_name = "declarations"

urlpatterns = [
    path("", reading.declarations, name="declarations"),
    path("new/", drafts.new, name="new"),
    path("several/delete/", several.delete, name="delete_several"),
    path("several/file/", several.file, name="file_several"),
    path("years/<int:year>/workbook/", workbooks.year, name="year_workbook"),
    path("codes/", reading.codes, name="codes"),
    path("filling-rules/", reading.filling_rules, name="filling_rules"),
    path("template/<tax_month:tax_month>/", reading.template, name="template"),
    path("<uuid:public_id>/", reading.declaration, name="declaration"),
    path("<uuid:public_id>/header/", drafts.header, name="header"),
    path("<uuid:public_id>/lines/new/", lines.add_line, name="add_line"),
    path("<uuid:public_id>/lines/<uuid:line_id>/", lines.line, name="line"),
    path("<uuid:public_id>/lines/<uuid:line_id>/delete/", lines.delete_line, name="delete_line"),
    path("grid/look/", grid.look, name="grid_look"),
    path("<uuid:public_id>/grid/", grid.page, name="grid"),
    path("<uuid:public_id>/grid/lines/", grid.lines, name="grid_lines"),
    path("<uuid:public_id>/grid/lines/<uuid:line_id>/law/", grid.law, name="grid_law"),
    path("<uuid:public_id>/grid/undo-import/", grid.undo_import, name="grid_undo_import"),
    path("<uuid:public_id>/grid/checks/", grid.checks, name="grid_checks"),
    path("<uuid:public_id>/workbook/", workbooks.lines, name="workbook"),
    path("<uuid:public_id>/upload/", uploads.upload, name="upload"),
    path("<uuid:public_id>/upload/waiting/", uploads.waiting, name="waiting_import"),
    path("<uuid:public_id>/upload/headings/", uploads.headings, name="headings"),
    path("<uuid:public_id>/upload/errors/", uploads.errors, name="error_workbook"),
    path("<uuid:public_id>/check/", filing.check, name="check"),
    path("<uuid:public_id>/file/", filing.file, name="file"),
    path("<uuid:public_id>/print/", printing.printed, name="printed"),
    path("<uuid:public_id>/form.pdf", printing.form, name="form"),
    path("<uuid:public_id>/form/make/", printing.make_form, name="make_form"),
    path("<uuid:public_id>/form.zip", printing.made_form, name="made_form"),
    path("<uuid:public_id>/receipt/", reading.receipt, name="receipt"),
    path("<uuid:public_id>/changes/", comparing.changes, name="changes"),
    path("<uuid:public_id>/take-back/", taking_back.take_back, name="take_back"),
    path("<uuid:public_id>/correct/", drafts.correct, name="correct"),
    path("<uuid:public_id>/delete/", drafts.delete, name="delete"),
]
