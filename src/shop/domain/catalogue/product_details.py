"""What a product says beside its description: for search engines, and for safe use."""

from shop.domain.shared.errors import InvalidValue, within
from shop.domain.shared.text import is_multiline_text, is_single_line, require_text
from shop.domain.shared.value import value

MAX_SEO_TITLE_CHARACTERS = 70
MAX_SEO_DESCRIPTION_CHARACTERS = 320
MAX_SAFETY_CHARACTERS = 500


@value
class Seo:
    """The title and description that search engines show; a product has at least one of them."""

    title: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        if self.title is None and self.description is None:
            raise InvalidValue(field="title", rule="is required without a description")
        _require_line("title", self.title, MAX_SEO_TITLE_CHARACTERS)
        _require_line("description", self.description, MAX_SEO_DESCRIPTION_CHARACTERS)


@value
class ProductSafety:
    """Whom to ask about the safety of a product, and what to mind.

    Regulation (EU) 2023/988, article 19: offers name the manufacturer, and the responsible person
    if the manufacturer is outside the Union.
    """

    manufacturer: str
    address: str
    contact: str
    responsible_person: str | None = None
    warnings: str | None = None

    def __post_init__(self) -> None:
        _require_line("manufacturer", self.manufacturer, MAX_SAFETY_CHARACTERS)
        _require_line("contact", self.contact, MAX_SAFETY_CHARACTERS)
        for name, text in (
            ("address", self.address),
            ("responsible_person", self.responsible_person),
            ("warnings", self.warnings),
        ):
            if text is not None and not (
                1 <= len(text) <= MAX_SAFETY_CHARACTERS and is_multiline_text(text)
            ):
                rule = f"must be 1 to {MAX_SAFETY_CHARACTERS} characters of text"
                raise InvalidValue(field=name, rule=rule)


def shown_seo(seo: Seo | None, name: str, description: str) -> tuple[str, str]:
    """Return the title and description for search engines, made from the texts if missing."""
    return (
        (seo and seo.title) or beginning(name, MAX_SEO_TITLE_CHARACTERS),
        (seo and seo.description) or beginning(description, MAX_SEO_DESCRIPTION_CHARACTERS),
    )


def beginning(text: str, longest: int) -> str:
    """Return the beginning of a text on one line, up to the end of a word."""
    cut = text[: longest + 1]
    line = " ".join(cut.split())
    if len(cut) <= longest or cut[-1].isspace():
        return line
    return line.rpartition(" ")[0] or line[:longest]


def require_new_seo(seo: Seo) -> None:
    """Check the characters of new texts for search engines; raise `InvalidValue`."""
    with within("seo"):
        require_text(seo.title or "", "title", is_about_goods=True)
        require_text(seo.description or "", "description", is_about_goods=True)


def require_new_safety(safety: ProductSafety) -> None:
    """Check the characters of new texts about safety; raise `InvalidValue`."""
    with within("safety"):
        require_text(safety.manufacturer, "manufacturer", is_about_goods=True)
        require_text(safety.contact, "contact", is_about_goods=True)
        for name, text in (
            ("address", safety.address),
            ("responsible_person", safety.responsible_person),
            ("warnings", safety.warnings),
        ):
            require_text(text or "", name, is_multiline=True, is_about_goods=True)


def _require_line(name: str, text: str | None, longest: int) -> None:
    if text is not None and not (1 <= len(text) <= longest and is_single_line(text)):
        raise InvalidValue(field=name, rule=f"must be 1 to {longest} characters on one line")
