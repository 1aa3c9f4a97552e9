"""The addresses of the register of persons. No person's name or number stands in one."""

from django.urls import path

from declarations.views import rosters, taxpayers

app_name = "taxpayers"

urlpatterns = [
    path("", taxpayers.taxpayers, name="taxpayers"),
    path("new/", taxpayers.add_taxpayer, name="add"),
    path("upload/", rosters.upload, name="upload"),
    path("roster/", rosters.roster, name="roster"),
    path("template/", rosters.template, name="template"),
    path("export/", rosters.export, name="export"),
    path("of/<uuid:public_id>/", taxpayers.register_persons, name="register_persons"),
    path("<uuid:public_id>/", taxpayers.taxpayer, name="taxpayer"),
    path("<uuid:public_id>/leave/", taxpayers.leave, name="leave"),
    path("<uuid:public_id>/return/", taxpayers.come_back, name="return"),
    path("<uuid:public_id>/delete/", taxpayers.delete, name="delete"),
]
