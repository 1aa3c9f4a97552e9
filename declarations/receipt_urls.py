"""The address where a receipt is verified: short enough to be typed from paper."""

from django.urls import path

from declarations.views import verifying

app_name = "receipts"

urlpatterns = [path("verify/", verifying.verify, name="verify")]
