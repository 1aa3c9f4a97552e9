"""Every address of the site. Stands above all apps."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from portal.views import home, sessions

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("language/", set_language, name="set_language"),
    path("logout/", sessions.log_out, name="logout"),
]

if find_spec("declarations.urls"):
    urlpatterns.append(path("declarations/", include("declarations.urls")))
if find_spec("reconciliation.urls"):
    urlpatterns.append(path("", include("reconciliation.urls")))
