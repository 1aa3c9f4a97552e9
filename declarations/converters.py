"""Domain values in addresses. Importing this module registers the converter `tax_month`."""

from __future__ import annotations

from datetime import date

from django.urls import register_converter

from declarations.taxlaw.tax_month import format_tax_month, parse_tax_month


class TaxMonthConverter:
    """A tax month (税款所属月份), `2006-04`: the date of its first day."""

    regex = "[0-9]{4}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        return parse_tax_month(value)

    def to_url(self, value: date) -> str:
        return format_tax_month(value)


register_converter(TaxMonthConverter, "tax_month")
