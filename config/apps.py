from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Home of the commands that concern the whole house, such as `demo`."""

    name = "config"
