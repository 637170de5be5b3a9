"""What is wrong with how an HQ is put together."""


class CompositionError(Exception):
    """Capabilities cannot be composed; the message names the culprit."""
