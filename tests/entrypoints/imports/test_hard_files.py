"""Files that are damaged, odd or hostile: read as they are meant, or rejected with the reason."""

import pytest

from shop.entrypoints.imports import csv_rows
from tests.entrypoints.imports.readings import Reading, read

HEADER = "sku,name,description,price,stock"
TEA = "TEA,Tea,Green.,500,5"


def skus(reading: Reading) -> list[str]:
    return [row.sku for product in reading.products for row in product.variants]


class TestTheLastRow:
    """It is checked like the first."""

    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            ("JAM,Jam,,free,5", "price: must be 1 to 1000000000 minor units, such as 1990, not"),
            ("JAM,Jam,,5", "row: must have 5 cells as the header has, not 4."),
            ("JAM,Jam,,5,5,5", "row: must have 5 cells as the header has, not 6; put a cell"),
            ('JAM,"Jam,,5,5', "name: the opening quotation mark is not closed."),
            ("TEA,Tea,,5,5", "sku: duplicate SKU TEA, first used on line 2."),
            ("JAM,J\0m,,5,5", "name: must not contain U+0000 NULL."),
            ("JAM,Jam,,5,-1", "stock: must be a number from 0 to 1000000000, not '-1'."),
        ],
    )
    def test_is_reported_if_it_alone_is_wrong(self, row: str, fault: str) -> None:
        good = "".join(f"SKU-{number},Tea,,500,5\n" for number in range(50))

        (found,) = read(f"{HEADER}\n{TEA}\n{good}{row}").faults

        assert found.startswith(f"53: {fault}")


class TestAnEncoding:
    """It is found by the bytes, said, and never guessed cell by cell."""

    @pytest.mark.parametrize(
        ("encoding", "name"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("utf-32", "utf-32"),
            ("cp1252", "windows-1252"),
        ],
    )
    def test_is_said(self, encoding: str, name: str) -> None:
        reading = read(f"{HEADER}\nTEA,Thé “vert” à 5 €,,500,5\n".encode(encoding))

        assert reading.description is not None
        assert reading.description.encoding == name
        assert reading.products[0].fields["name"] == "Thé “vert” à 5 €"

    def test_is_utf_8_if_a_few_bytes_are_damaged(self) -> None:
        content = f"{HEADER}\nTEA,Thé à la crème,,500,5\n".encode()
        content += "JAM,Gelée,,500,5\n".encode("cp1252")

        assert read(content).faults == [
            (
                "3: name: must be text in UTF-8; in Windows-1252 it would be 'Gelée': save the file"
                ' as "CSV UTF-8".'
            )
        ]

    def test_is_windows_1252_if_a_few_cells_are_utf_8(self) -> None:
        content = f"{HEADER}\nTEA,Thé à la crème,,500,5\n".encode("cp1252")
        content += "JAM,Gelée,,500,5\n".encode()

        assert read(content).faults == [
            (
                "3: name: must be text in Windows-1252 like the rest of the file, not 'Gelée' in"
                ' UTF-8: save the whole file as "CSV UTF-8".'
            )
        ]

    def test_has_no_letter_for_some_bytes(self) -> None:
        reading = read(f"{HEADER}\nTEA,T".encode() + b"\x81\x8d\xe9,,500,5\n")

        (fault,) = reading.faults
        assert fault.startswith("2: name: must be text in UTF-8; in Windows-1252 it would be ")

    def test_ends_in_the_middle_of_a_letter(self) -> None:
        reading = read(f"{HEADER}\n{TEA}\n".encode("utf-16") + b"x")

        assert skus(reading) == ["TEA"]
        assert reading.faults == [
            '3: file: is not valid UTF-16 from here on; save it as "CSV UTF-8".'
        ]


class TestAHeader:
    """It names the columns, once each."""

    @pytest.mark.parametrize("content", ["", "\n", "\ufeff", " \r\n\t\r\n", ",,,\n", "\n\n\n"])
    def test_may_be_missing(self, content: str) -> None:
        reading = read(content)

        assert reading.description is None
        assert reading.faults == [
            "1: file: is empty; begin it with a header: sku,name,description,price,stock."
        ]

    @pytest.mark.parametrize("content", [HEADER, f"{HEADER}\n", f"{HEADER}\n\n,,,,\n"])
    def test_may_have_no_rows(self, content: str) -> None:
        reading = read(content)

        assert reading.description is not None
        assert (reading.products, reading.faults) == ([], [])

    @pytest.mark.parametrize(
        ("header", "faults"),
        [
            (f"{HEADER},Name", ["1: header: repeated columns: name."]),
            (f"{HEADER},colour", ["1: header: unknown columns: colour."]),
            (f"{HEADER},", []),
            (f"{HEADER},,active", ["1: header: unknown columns: (column 6 has no name)."]),
            ("sku,price", ["1: header: missing columns: name, description, stock."]),
            (f'{HEADER},"active', ["1: header: the opening quotation mark is not closed."]),
            (
                f'"{HEADER}"',
                [
                    (
                        "1: header: each row is one cell in quotes; export the columns as cells of"
                        " their own."
                    )
                ],
            ),
        ],
    )
    def test_is_checked(self, header: str, faults: list[str]) -> None:
        assert list(read(f"{header}\n").faults) == faults


class TestALargeFile:
    """No cell, line or row takes more memory than it may."""

    def test_has_a_huge_cell(self) -> None:
        reading = read(f"{HEADER}\nJAM,{'x' * 200_000},,500,5\n{TEA}\n")

        assert skus(reading) == ["TEA"]
        assert reading.faults == ["2: row: must have cells of at most 131072 characters."]

    def test_has_a_line_without_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(csv_rows, "MAX_LINE_CHARACTERS", 1000)

        reading = read(f"{HEADER}\n{TEA}\n" + "x," * 5000)

        assert skus(reading) == ["TEA"]
        assert reading.faults == ["3: file: must have lines of at most 1000 characters."]

    def test_has_quotation_marks_that_are_never_closed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(csv_rows, "MAX_QUOTATION_FAULTS", 3)

        reading = read(f"{HEADER}\n" + 'TEA,"Te"a,,1,5\n' * 9)

        assert [each.partition(":")[0] for each in reading.faults] == ["2", "3", "4"]


class TestAProductOfSeveralRows:
    """Its rows have the same handle, wherever they are, and say the same of it."""

    COLUMNS = "handle,name,description,option1_name,option1_value,sku,price,stock"

    def test_is_gathered_from_rows_that_are_apart(self) -> None:
        reading = read(
            f"{self.COLUMNS}\ntea,Tea,Green.,Size,S,TEA-S,500,5\njam,Jam,,,,JAM,300,1\n"
            "tea,,,,L,TEA-L,900,2\n"
        )

        assert reading.faults == []
        tea, jam = reading.products
        assert [(each.sku, each.options) for each in tea.variants] == [
            ("TEA-S", {"Size": "S"}),
            ("TEA-L", {"Size": "L"}),
        ]
        assert [(each.sku, each.options) for each in jam.variants] == [("JAM", {})]

    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            ("tea,Tee,,,L,TEA-L,900,2", "3: name: must be empty or as on line 2, which has the"),
            ("tea,,,Colour,L,TEA-L,9,2", "3: option1_name: must be empty or as on line 2, which"),
            ("tea,,,,,TEA-L,900,2", "3: option1_value: must have a value of each of Size, like"),
        ],
    )
    def test_contradicts_itself(self, row: str, fault: str) -> None:
        (found,) = read(f"{self.COLUMNS}\ntea,Tea,,Size,S,TEA-S,500,5\n{row}\n").faults

        assert found.startswith(fault)


class TestACellThatIsTooLong:
    """It is a fault of its line, wherever it is."""

    RULE = "must have cells of at most 131072 characters."

    @pytest.mark.parametrize(
        ("content", "faults"),
        [
            ("a" * 131_073 + "\n1\n", [f"1: header: {RULE}"]),
            (f"{HEADER}\n{TEA}\nJAM,{'a' * 131_073},,5,5\n", [f"3: row: {RULE}"]),
            (
                f'{HEADER}\n{TEA}\nJAM,"a"{"a" * 131_073},,5,5\n',
                ['3: row: a quotation mark inside a cell must be doubled: "".'],
            ),
        ],
        ids=["header", "row", "quoted"],
    )
    def test_is_reported(self, content: str, faults: list[str]) -> None:
        assert read(content).faults == faults
