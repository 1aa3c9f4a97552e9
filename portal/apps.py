from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the portal's system checks, and make its Celery application the current one."""
        from portal import celery, checks  # noqa: F401 - both need the settings
