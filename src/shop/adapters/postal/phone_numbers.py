"""Writes telephone numbers in E.164."""


def normalise_phone(text: str, country: str) -> str | None:
    """Return a number with its country, such as +4930901820; None if it can be no number.

    A number without a country is one of the address's. New ranges of numbers are younger than the
    library, so a number has to be possible, not known; and from anywhere, not only inside one area
    of the country. E.164 has no extensions.
    """
    import phonenumbers  # noqa: PLC0415  On demand (decision 30).

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if number.extension or reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
