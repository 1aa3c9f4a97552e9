"""Every address of the site. Stands above all apps."""

from django.urls import URLPattern, URLResolver, path

from portal import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
]
