"""Settings that are lists, each written as JSON in one variable."""

import json


def json_list(text: object, *, error_message: str) -> object:
    """Return the list that a text holds; raise `ValueError` with the refusal where it holds none.

    What is no text is returned as it is: it was given as a value.
    """
    if not isinstance(text, str):
        return text
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, list):
        return parsed
    raise ValueError(error_message)


def secrets_list(text: object, *, example: str) -> object:
    """Return the secrets that a text lists; raise `ValueError` where it lists none."""
    error_message = f"a JSON list of at least one secret is needed, such as {example}"
    parsed = json_list(text, error_message=error_message)
    if isinstance(text, str) and not parsed:
        raise ValueError(error_message)
    return parsed
