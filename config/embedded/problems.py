"""What goes wrong with an embedded service, in a sentence that says how to mend it."""


class ServiceProblem(Exception):
    """An embedded service cannot start or be reached; the message is one or two sentences for a person."""
