"""Every address of the site. Stands above all apps."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from portal import api, health
from portal.views import contact, enrolment, home, jobs, sessions, staff, tokens

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("livez", health.livez, name="livez"),
    path("language/", require_POST(set_language), name="set_language"),
    path("enrolment/", enrolment.enrolment, name="enrolment"),
    path("login/", sessions.log_in, name="login"),
    path("logout/", sessions.log_out, name="logout"),
    path("password/new/", contact.new_password, name="new_password"),
    path("password/confirm/", sessions.step_up, name="step_up"),
    path("contact/", contact.contact, name="contact"),
    path("contact/first/", contact.first_contact, name="first_contact"),
    path("api/v1/", api.try_it, name="api"),
    path("api/v1/schema/", api.SchemaView.as_view(), name="api_schema"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.new_token, name="new_token"),
    path("tokens/<uuid:public_id>/revoke/", tokens.revoke, name="revoke_token"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/tray/", jobs.job_tray, name="job_tray"),
    path("jobs/<uuid:public_id>/", jobs.job, name="job"),
    path("jobs/<uuid:public_id>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<uuid:public_id>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("staff/", staff.staff_home, name="staff_home"),
    path("staff/login/", sessions.log_staff_in, name="staff_login"),
    path("staff/login/token/", sessions.second_factor, name="second_factor"),
    path("staff/password/", contact.staff_password, name="staff_password"),
    path("staff/agents/", staff.agents, name="staff_agents"),
    path("staff/agents/<uuid:public_id>/", staff.agent, name="staff_agent"),
    path(
        "staff/agents/<uuid:public_id>/password/",
        staff.agent_password,
        name="staff_agent_password",
    ),
]

# Apps that are not part of this installation have no addresses, and the menu leaves them out.
if find_spec("declarations.urls"):
    urlpatterns.append(path("declarations/", include("declarations.urls")))
    urlpatterns.append(path("", include("declarations.law_urls")))
    urlpatterns.append(path("", include("declarations.receipt_urls")))
    urlpatterns.append(path("taxpayers/", include("declarations.taxpayer_urls")))
    urlpatterns.append(path("api/v1/", include("declarations.api_urls")))
if find_spec("reconciliation.urls"):
    urlpatterns.append(path("", include("reconciliation.urls")))

handler400 = "portal.views.errors.bad_request"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
