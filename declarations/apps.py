from django.apps import AppConfig


class DeclarationsConfig(AppConfig):
    name = "declarations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the jobs of this app known."""
        from declarations import jobs, print_jobs, roster_jobs  # need the models

        jobs.register_kinds()
        print_jobs.register_kind()
        roster_jobs.register_kinds()
