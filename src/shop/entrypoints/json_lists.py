"""Settings that are lists, each written as JSON in one variable."""

import json


def json_list(text: object, *, refusal: str) -> object:
    """Return the list that a text holds; raise `ValueError` with the refusal where it holds none.

    What is no text is returned as it is: it was given as a value.
    """
    if not isinstance(text, str):
        return text
    try:
        listed = json.loads(text)
    except ValueError:
        listed = None
    if isinstance(listed, list):
        return listed
    raise ValueError(refusal)


def secrets_list(text: object, *, example: str) -> object:
    """Return the secrets that a text lists; raise `ValueError` where it lists none."""
    refusal = f"a JSON list of at least one secret is needed, such as {example}"
    listed = json_list(text, refusal=refusal)
    if isinstance(text, str) and not listed:
        raise ValueError(refusal)
    return listed
