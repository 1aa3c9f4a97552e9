"""Which users an operation of the API is for. What of it they reach, the access functions say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

from portal.models import User

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ReadsTaxData(BasePermission):
    """Lets agents pass, and staff whose role reads tax data."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        return user.agent_id is not None or user.role in User.ROLES_THAT_READ_TAX_DATA


class IsAnAgent(BasePermission):
    """Lets agents pass: staff file for nobody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.agent_id is not None
