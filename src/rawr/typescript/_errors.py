"""What cannot be said in TypeScript."""


class TypeScriptError(Exception):
    """Something has no form in TypeScript; the message names it and says what to do."""
