from django.apps import AppConfig


class ExchangeApp(AppConfig):
    """Files in and out."""

    name = "exchange"
