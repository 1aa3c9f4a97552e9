"""The addresses of the law: its pages, the calculator, and both for programs."""

from django.urls import path

from declarations import converters  # noqa: F401  registers tax_month
from declarations.api.law import ComputeView, LawView
from declarations.views import law

app_name = "law"

urlpatterns = [
    path("law/", law.law_now, name="law_now"),
    path("law/<tax_month:tax_month>/", law.law, name="law"),
    path("calculator/", law.calculator, name="calculator"),
    path("api/v1/law/<tax_month:tax_month>/", LawView.as_view(), name="api_law"),
    path("api/v1/law/compute/", ComputeView.as_view(), name="api_compute"),
]
