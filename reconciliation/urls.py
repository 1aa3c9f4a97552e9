"""The addresses of payments, months and the feed."""

from django.urls import path

from declarations import converters  # noqa: F401  registers tax_month
from reconciliation import api
from reconciliation.views import (
    desk,
    feed,
    home,
    missing,
    months,
    quarantine,
    window,
    withdrawing,
)

app_name = "reconciliation"

urlpatterns = [
    path("home/", home.home, name="home"),
    path("months/", months.months, name="months"),
    path("months/<tax_month:tax_month>/", months.month, name="month"),
    path(
        "months/<tax_month:tax_month>/<slug:kind>/draft/",
        missing.draft_missing,
        name="draft_missing",
    ),
    path("months/<tax_month:tax_month>/confirm/", months.confirm, name="confirm"),
    path("declarations/<uuid:public_id>/withdraw/", withdrawing.withdraw, name="withdraw"),
    path("staff/window/", window.window, name="window"),
    path("staff/months/", desk.desk, name="desk"),
    path("staff/months/<uuid:public_id>/", desk.staff_month, name="staff_month"),
    path("staff/months/<uuid:public_id>/reopen/", desk.reopen_month, name="reopen_month"),
    path("staff/months/<uuid:public_id>/close/", desk.close_month, name="close_month"),
    path("staff/agents/<uuid:public_id>/months/", desk.agent_months, name="agent_months"),
    path("staff/held-rows/", desk.held_rows, name="held_rows"),
    path("staff/feed/", feed.feed, name="feed"),
    path("staff/feed/day-count/", feed.day_count, name="day_count"),
    path("staff/feed/files/<uuid:public_id>/", feed.feed_file, name="feed_file"),
    path("staff/feed/files/<uuid:public_id>/retry/", feed.try_file_again, name="try_file_again"),
    path("staff/feed/months/<uuid:public_id>/retry/", feed.try_month_again, name="try_month_again"),
    path("staff/feed/quarantine/", quarantine.quarantine, name="quarantine"),
    path(
        "staff/feed/quarantine/<uuid:public_id>/",
        quarantine.quarantined_row,
        name="quarantined_row",
    ),
    path(
        "staff/feed/quarantine/<uuid:public_id>/reveal/", quarantine.reveal_row, name="reveal_row"
    ),
    path(
        "staff/feed/quarantine/<uuid:public_id>/correct/",
        quarantine.correct_row,
        name="correct_row",
    ),
    path("api/v1/months/", api.MonthsView.as_view(), name="api_months"),
    path("api/v1/codes/", api.CodesView.as_view(), name="api_codes"),
]
