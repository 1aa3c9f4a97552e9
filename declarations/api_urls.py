"""The addresses of declarations for programs."""

from django.urls import path

from declarations.api.filing import CheckView, DeclarationsView
from declarations.api.jobs import JobView, UploadsView
from declarations.api.reading import DeclarationView, FindingsView, LinesView

app_name = "declarations_api"

urlpatterns = [
    path("declarations/", DeclarationsView.as_view(), name="declarations"),
    path("declarations/check/", CheckView.as_view(), name="check"),
    path("declarations/<uuid:public_id>/", DeclarationView.as_view(), name="declaration"),
    path("declarations/<uuid:public_id>/lines/", LinesView.as_view(), name="lines"),
    path("declarations/<uuid:public_id>/findings/", FindingsView.as_view(), name="findings"),
    path("uploads/", UploadsView.as_view(), name="uploads"),
    path("jobs/<uuid:public_id>/", JobView.as_view(), name="job"),
]
