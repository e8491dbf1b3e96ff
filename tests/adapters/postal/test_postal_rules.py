"""Addresses of many countries: what is accepted, in which form, and how it is written."""

from typing import Any

import pytest

from shop.adapters.postal.postal_rules import LibraryPostalRules
from shop.domain.address import Address, InvalidAddress

RULES = LibraryPostalRules()
NAME, STREET = "Ada Lovelace", "1 Main Street"


def _address(**members: str | None) -> Address:
    given: dict[str, Any] = {"name": NAME, "line1": STREET, **members}
    return Address(**given)


def _faults(**members: str) -> dict[str, str]:
    with pytest.raises(InvalidAddress) as caught:
        RULES.normalise(_address(**members))
    return {each.member: each.rule for each in caught.value.faults}


@pytest.mark.parametrize(
    ("country", "city", "given", "stored", "last_lines"),
    [
        ("AT", "Wien", "A-1010", "1010", ["1010 Wien", "AUSTRIA"]),
        ("BE", "Bruxelles", "1000", "1000", ["1000 Bruxelles", "BELGIUM"]),
        ("CH", "Z\u00fcrich", "CH-8001", "8001", ["CH-8001 Z\u00fcrich", "SWITZERLAND"]),
        ("CZ", "Praha", "11000", "110 00", ["110 00 PRAHA", "CZECH REP."]),
        ("DE", "Berlin", "D-10115", "10115", ["10115 BERLIN", "GERMANY"]),
        ("DK", "K\u00f8benhavn", "dk-1050", "1050", ["1050 K\u00f8benhavn", "DENMARK"]),
        ("FI", "Helsinki", "00100", "00100", ["FI-00100 HELSINKI", "FINLAND"]),
        ("FR", "Paris", "75008", "75008", ["75008 PARIS", "FRANCE"]),
        ("GB", "London", "sw1a1aa", "SW1A 1AA", ["LONDON", "SW1A 1AA", "UNITED KINGDOM"]),
        ("GB", "Aldershot", "bfpo 61", "BFPO 61", ["ALDERSHOT", "BFPO 61", "UNITED KINGDOM"]),
        ("GB", "Belfast", "bt1 1aa", "BT1 1AA", ["BELFAST", "BT1 1AA", "UNITED KINGDOM"]),
        ("GR", "Athina", "10431", "104 31", ["104 31 ATHINA", "GREECE"]),
        ("IE", "Dublin", "d02af30", "D02 AF30", ["DUBLIN", "D02 AF30", "IRELAND"]),
        ("IE", "Athlone", "N37 F4E2", "N37 F4E2", ["ATHLONE", "N37 F4E2", "IRELAND"]),
        ("LT", "Vilnius", "LT-04340", "04340", ["LT-04340 VILNIUS", "LITHUANIA"]),
        ("LV", "R\u012bga", "1073", "LV-1073", ["R\u012aGA, LV-1073", "LATVIA"]),
        ("NL", "Amsterdam", "1012jm", "1012 JM", ["1012 JM AMSTERDAM", "NETHERLANDS"]),
        ("NO", "Oslo", "0152", "0152", ["0152 OSLO", "NORWAY"]),
        ("PL", "Warszawa", "00950", "00-950", ["00-950 WARSZAWA", "POLAND"]),
        ("PT", "Lisboa", "1000 205", "1000-205", ["1000-205 LISBOA", "PORTUGAL"]),
        ("SE", "Stockholm", "SE-114 55", "11455", ["SE-11455 STOCKHOLM", "SWEDEN"]),
        ("XK", "Prishtina", "10000", "10000", ["10000 PRISHTINA", "KOSOVO"]),
    ],
)
def test_postal_code_has_the_form_of_its_country(
    country: str, city: str, given: str, stored: str, last_lines: list[str]
) -> None:
    normalised = RULES.normalise(_address(country=country, city=city, postal_code=given))

    assert normalised == _address(country=country, city=city, postal_code=stored)
    lines = RULES.format(normalised)
    assert [each.casefold() for each in lines[:2]] == [NAME.casefold(), STREET.casefold()]
    assert [each.casefold() for each in lines[2:]] == [each.casefold() for each in last_lines]


@pytest.mark.parametrize(
    ("country", "city", "region", "last_lines"),
    [
        ("AE", "Dubai", "Dubai", ["Dubai", "UNITED ARAB EMIRATES"]),
        ("AO", "Luanda", None, ["LUANDA", "ANGOLA"]),
        ("GH", "Accra", None, ["ACCRA", "GHANA"]),
        ("HK", "Mong Kok", "Kowloon", ["Mong Kok", "KOWLOON", "HONG KONG"]),
        ("MO", "Taipa", None, ["Taipa", "MACAO"]),
        ("PA", "Panam\u00e1", None, ["PANAM\u00c1", "PANAMA (REP.)"]),
    ],
)
def test_country_without_postal_codes_needs_none(
    country: str, city: str, region: str | None, last_lines: list[str]
) -> None:
    normalised = RULES.normalise(_address(country=country, city=city, region=region))

    assert normalised.postal_code is None
    assert RULES.format(normalised) == (NAME, STREET, *last_lines)


@pytest.mark.parametrize(
    ("country", "city", "region", "stored", "postal_code", "line"),
    [
        ("US", "Mountain View", "california", "CA", "94043", "MOUNTAIN VIEW, CA 94043"),
        ("US", "Austin", "US-TX", "TX", "787015005", "AUSTIN, TX 78701-5005"),
        ("CA", "Ottawa", "Ontario", "ON", "k1a0b1", "OTTAWA ON K1A 0B1"),
        ("AU", "Sydney", "nsw", "NSW", "2000", "SYDNEY NSW 2000"),
        ("BR", "S\u00e3o Paulo", "sao paulo", "SP", "01310100", "S\u00c3O PAULO-SP"),
        ("ES", "Madrid", "Madrid", "M", "28039", "28039 MADRID M"),
        ("IT", "Roma", "RM", "RM", "00144", "00144 ROMA RM"),
        ("IE", "Dublin", "Dublin", "Co. Dublin", "D02AF30", "Co. Dublin"),
        ("MX", "Zapopan", "Jalisco", "Jal.", "45050", "45050 ZAPOPAN, JAL."),
    ],
)
def test_region_is_stored_by_its_name_in_the_list(
    country: str, city: str, region: str, stored: str, postal_code: str, line: str
) -> None:
    given = _address(country=country, city=city, region=region, postal_code=postal_code)

    normalised = RULES.normalise(given)

    assert normalised.region == stored
    assert line in RULES.format(normalised)
    assert RULES.normalise(normalised) == normalised


def test_region_of_a_country_without_a_list_is_any_text() -> None:
    given = _address(country="DE", city="M\u00fcnchen", postal_code="80331", region="Bayern")

    assert RULES.normalise(given) == given
    assert RULES.format(given) == (NAME, STREET, "80331 M\u00dcNCHEN", "GERMANY")


def test_japanese_address_is_written_in_the_script_it_is_given_in() -> None:
    latin = RULES.normalise(
        _address(country="JP", city="Shibuya-ku", region="Tokyo", postal_code="1500001")
    )
    local = RULES.normalise(
        Address(
            name="\u5c71\u7530\u592a\u90ce",
            line1="\u795e\u5bae\u524d1-1",
            city="\u6e0b\u8c37\u533a",
            region="\u6771\u4eac\u90fd",
            postal_code="150-0001",
            country="JP",
        )
    )

    assert latin.region == local.region == "\u6771\u4eac\u90fd"
    assert RULES.format(latin) == (NAME, STREET, "Shibuya-ku, TOKYO", "150-0001", "JAPAN")
    assert RULES.format(local) == (
        "\u3012150-0001",
        "\u6771\u4eac\u90fd",
        "\u795e\u5bae\u524d1-1",
        "\u6e0b\u8c37\u533a",
        "\u5c71\u7530\u592a\u90ce",
        "JAPAN",
    )


def test_all_lines_are_written_in_the_order_of_the_country() -> None:
    given = _address(
        country="DE", company="ACME GmbH", line2="Hinterhaus", city="Berlin", postal_code="10115"
    )

    assert RULES.format(given) == (
        NAME,
        "ACME GmbH",
        STREET,
        "Hinterhaus",
        "10115 BERLIN",
        "GERMANY",
    )


@pytest.mark.parametrize("code", ["UK", "ZZ", "XI", "QQ", "de", "D1", "DEU"])
def test_unknown_country_is_rejected(code: str) -> None:
    assert not RULES.is_country(code)
    if len(code) == 2:
        assert _faults(country=code, city="Berlin") == {
            "country": "must be a country of ISO 3166-1, in two capital letters, such as DE"
        }


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        (
            {"country": "DE", "city": "Berlin", "postal_code": "1011"},
            {"postal_code": "must be a postal code of DE, such as 26133"},
        ),
        (
            {"country": "GB", "city": "London", "postal_code": "10115"},
            {"postal_code": "must be a postal code of GB, such as EC1Y 8SY"},
        ),
        ({"country": "DE", "postal_code": "10115"}, {"city": "is required in DE"}),
        (
            {"country": "US", "city": "Austin"},
            {"postal_code": "is required in US", "region": "is required in US"},
        ),
        (
            {"country": "US", "city": "Toronto", "region": "Ontario", "postal_code": "78701"},
            {"region": "must be a region of US, such as AA"},
        ),
        (
            {"country": "HK", "city": "Mong Kok", "region": "Guangdong"},
            {"region": "must be a region of HK, such as Hong Kong Island"},
        ),
    ],
)
def test_what_the_data_are_sure_of_is_required(
    members: dict[str, str], faults: dict[str, str]
) -> None:
    assert _faults(**members) == faults


def test_postal_code_of_a_neighbouring_region_is_accepted() -> None:
    """Fort Campbell in Tennessee has a postal code of Kentucky: the list of prefixes is no rule."""
    given = _address(country="US", city="Fort Campbell", region="TN", postal_code="42223")

    assert RULES.normalise(given) == given


@pytest.mark.parametrize(
    ("country", "given", "stored"),
    [
        ("DE", "030 901820", "+4930901820"),
        ("DE", "0049 30 901820", "+4930901820"),
        ("DE", "+44 20 7925 0918", "+442079250918"),
        ("GB", "020 7925 0918", "+442079250918"),
        ("US", "(650) 253-0000", "+16502530000"),
        ("IT", "06 698 12345", "+390669812345"),
        ("JP", "03-3224-9999", "+81332249999"),
        ("BR", "(11) 98765-4321", "+5511987654321"),
    ],
)
def test_telephone_number_is_stored_with_its_country(country: str, given: str, stored: str) -> None:
    address = _address(**PLACES[country], country=country, phone=given)

    assert RULES.normalise(address).phone == stored


@pytest.mark.parametrize(
    "given", ["call me", "1", "12", "+49 123", "+999 123456", "030 901820 ext. 5", "1" * 25]
)
def test_text_that_can_be_no_telephone_number_is_rejected(given: str) -> None:
    assert _faults(**PLACES["DE"], country="DE", phone=given) == {
        "phone": "must be a telephone number with its country, such as +49 30 901820"
    }


@pytest.mark.parametrize(
    ("country", "given", "stored"),
    [
        ("DE", "de 136 695 976", "DE136695976"),
        ("DE", "136695976", "DE136695976"),
        ("DE", "IE6388047V", "IE6388047V"),
        ("GR", "GR094259216", "EL094259216"),
        ("GR", "094259216", "EL094259216"),
        ("GB", "GB980780684", "GB980780684"),
        ("GB", "XI980780684", "XI980780684"),
        ("GB", "980 7806 84", "GB980780684"),
        ("BR", "11.222.333/0001-81", "BR11222333000181"),
        ("US", "12-3456789", "US123456789"),
        # A tax number of a Mexican that begins like a Spanish one.
        ("MX", "ESO1202108R2", "MXESO1202108R2"),
    ],
)
def test_vat_number_is_stored_with_its_country(country: str, given: str, stored: str) -> None:
    address = _address(**PLACES[country], country=country, vat_number=given)

    normalised = RULES.normalise(address)

    assert normalised.vat_number == stored
    assert RULES.normalise(normalised) == normalised


@pytest.mark.parametrize(
    ("country", "given"),
    [
        ("DE", "DE136695978"),
        ("DE", "DE1234"),
        ("DE", "FR136695976"),
        ("GB", "XI980780685"),
        ("GB", "GB802311781"),
        ("US", "none!"),
    ],
)
def test_number_that_no_trader_can_have_is_rejected(country: str, given: str) -> None:
    assert _faults(**PLACES[country], country=country, vat_number=given) == {
        "vat_number": "must be a VAT number with its country, such as DE136695976"
    }


def test_all_faults_are_reported_at_once() -> None:
    faults = _faults(country="DE", city="Berlin", postal_code="1", phone="x", vat_number="DE1")

    assert faults.keys() == {"postal_code", "phone", "vat_number"}


PLACES: dict[str, dict[str, str]] = {
    "BR": {"city": "S\u00e3o Paulo", "region": "SP", "postal_code": "01310-100"},
    "DE": {"city": "Berlin", "postal_code": "10115"},
    "GB": {"city": "London", "postal_code": "SW1A 1AA"},
    "GR": {"city": "Athina", "postal_code": "104 31"},
    "IT": {"city": "Roma", "region": "RM", "postal_code": "00144"},
    "JP": {"city": "Shibuya-ku", "region": "Tokyo", "postal_code": "150-0001"},
    "MX": {"city": "Zapopan", "region": "Jal.", "postal_code": "45050"},
    "US": {"city": "Austin", "region": "TX", "postal_code": "78701"},
}
