from django.apps import AppConfig


class DeclarationsConfig(AppConfig):
    name = "declarations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the jobs of this app known."""
        from declarations.jobs import register_kinds  # needs the models

        register_kinds()
