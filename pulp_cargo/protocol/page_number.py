"""Numbers in query strings, which may be longer than Python converts (4,300 digits)."""


def parse_number(text: str, most: int) -> int | None:
    """Return a decimal number from 1 to `most`, None for any other text.

    >>> parse_number("07", 100), parse_number("101", 100), parse_number("9" * 5000, 100)
    (7, None, None)
    """
    digits = text.lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(most)):
        return None
    number = int(digits)
    return number if number <= most else None
