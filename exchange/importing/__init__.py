from exchange.importing.importer import run_import

__all__ = ["run_import"]
