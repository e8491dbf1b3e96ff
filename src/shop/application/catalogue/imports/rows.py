"""Puts the rows of a file together: products with their variants, or what is wrong with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from shop.application.catalogue.slugs import sku_of, with_digest
from shop.application.ports.imports.import_spool import SpooledProduct, SpooledRow
from shop.application.ports.imports.product_file_reader import FileDescription
from shop.domain.catalogue.product_import import ImportMessage
from shop.domain.shared.line_quantity import MAX_SKU_CHARACTERS
from shop.domain.shared.value import value

_FROM_PRODUCT = ("weight_grams", "tax_category")
"""What a variant that says nothing of it has from its product."""

_NOT_OF_PRODUCTS = frozenset(
    {
        "handle",
        "other_handle",
        "is_handle_made",
        "option_names",
        "attribute_names",
        "further_image",
        *_FROM_PRODUCT,
    }
)


@value
class VariantRow:
    """A variant as a file describes it; a field that the file lacks is not in `fields`."""

    line: int
    sku: str
    is_made: bool
    options: Mapping[str, str] | None
    fields: Mapping[str, Any]
    stock: int | None


@value
class ImportedProduct:
    """A product as a file describes it; a field that the file lacks is not in `fields`.

    A handle is made if the file has none: of the name, which may change.
    """

    line: int
    handle: str
    is_handle_made: bool
    fields: Mapping[str, Any]
    option_names: Sequence[str] | None
    variants: Sequence[VariantRow]
    rows_until: int


@value
class Assembled:
    """A product of a file, if nothing is wrong with its rows, and what became of them."""

    product: ImportedProduct | None
    faults: Sequence[ImportMessage] = ()
    remarks: Sequence[ImportMessage] = ()


def assemble(spooled: SpooledProduct, file: FileDescription) -> Assembled:
    """Put the rows of a product together; rows with known faults hide the others' faults."""
    if all(row.is_valid for row in spooled.rows):
        return _Assembly(spooled, file).result()
    return Assembled(product=None)


class _Assembly:
    """Collects the faults of a product's rows."""

    def __init__(self, spooled: SpooledProduct, file: FileDescription) -> None:
        self._spooled = spooled
        self._file = file
        self._faults: list[ImportMessage] = []
        self._remarks: list[ImportMessage] = []

    def result(self) -> Assembled:
        rows = self._spooled.rows
        handle, line = self._spooled.handle, rows[0].line
        if handle is None:
            self._fail(line, "handle", "must name a product of the file")
            return self._without_product()
        product = self._merged(rows)
        if product.get("name") is None:
            self._fail(line, "name", "must not be empty in the first row of a product")
        described = [row for row in rows if row.variant is not None]
        if not described:
            self._note(line, "handle", "has no variants in the file, so that it was left out")
            return self._without_product()
        names = _option_names(product, described)
        variants = [self._variant(row, handle, product, names) for row in described]
        if self._faults:
            return self._without_product()
        return Assembled(
            product=ImportedProduct(
                line=line,
                handle=handle,
                is_handle_made=bool(product.get("is_handle_made")),
                fields={
                    field: each for field, each in product.items() if field not in _NOT_OF_PRODUCTS
                },
                option_names=names,
                variants=variants,
                rows_until=self._spooled.rows_until,
            ),
            remarks=self._remarks,
        )

    def _without_product(self) -> Assembled:
        return Assembled(product=None, faults=self._faults, remarks=self._remarks)

    def _merged(self, rows: Sequence[SpooledRow]) -> Mapping[str, Any]:
        """Return what the rows say of the product, which they must say alike."""
        merged = dict(rows[0].product)
        lines = dict.fromkeys(merged, rows[0].line)
        for row in rows[1:]:
            for field, cell in row.product.items():
                if cell is None or merged.get(field) is None:
                    merged[field] = merged.get(field) if cell is None else cell
                    lines.setdefault(field, row.line)
                elif cell != merged[field] and field not in {"other_handle", "further_image"}:
                    detail = (
                        f"must be empty or as on line {lines[field]}, which has the same handle"
                    )
                    self._fail(row.line, _column_field(field), detail)
        if "image_url" in merged or "further_image" in merged:
            merged["image_url"] = merged.get("image_url") or merged.get("further_image")
        return merged

    def _variant(
        self,
        row: SpooledRow,
        handle: str,
        product: Mapping[str, Any],
        names: Sequence[str] | None,
    ) -> VariantRow:
        fields = dict(row.variant or {})
        options = self._options(row, fields, names)
        sku, is_made = fields.pop("sku"), False
        if sku is None:
            sku, is_made = (
                _made_sku(handle, () if options is None else tuple(options.values())),
                True,
            )
            self._note(row.line, "sku", f"is empty; {sku} was made from the handle")
        for field in _FROM_PRODUCT:
            if fields.get(field) is None and product.get(field) is not None:
                fields[field] = product[field]
        return VariantRow(
            line=row.line,
            sku=sku,
            is_made=is_made,
            options=options,
            stock=fields.pop("stock", None),
            fields=fields,
        )

    def _options(
        self, row: SpooledRow, fields: dict[str, Any], names: Sequence[str] | None
    ) -> Mapping[str, str] | None:
        values: list[str] | None = fields.pop("options", None)
        named: Mapping[str, str] | None = fields.pop("named_options", None)
        if named is not None:
            if others := [name for name in named if name not in (names or ())]:
                detail = f"is for any {' and '.join(others)}, so that it was left out as an option"
                self._note(row.line, "options", detail)
            for name in names or ():
                if not named.get(name):
                    detail = f"must have a value of {name}, since other variations have one"
                    self._fail(row.line, "options", detail)
            return {name: named.get(name, "") for name in names or ()}
        if values is None:
            return None
        names = names or ()
        if len(values) != len(names):
            expected = f"a value of each of {', '.join(names)}" if names else "no option's value"
            self._fail(row.line, "options", f"must have {expected}, like the product's first row")
        return dict(zip(names, values, strict=False))

    def _fail(self, line: int, field: str, detail: str) -> None:
        column = self._file.column_of(field)
        self._faults.append(ImportMessage(line=line, column=column, detail=detail))

    def _note(self, line: int, field: str, detail: str) -> None:
        column = self._file.column_of(field)
        self._remarks.append(ImportMessage(line=line, column=column, detail=detail))


def _option_names(product: Mapping[str, Any], rows: Sequence[SpooledRow]) -> Sequence[str] | None:
    """Return the names of the options, None if the file does not say."""
    named = [
        row.variant["named_options"]
        for row in rows
        if row.variant and "named_options" in row.variant
    ]
    if named:
        # Of a variable product's attributes, those that its variations differ by.
        used = dict.fromkeys(name for each in named for name, text in each.items() if text)
        known = [name for name in product.get("attribute_names") or () if name in used]
        return [*known, *(name for name in used if name not in known)]
    if "option_names" in product or any(
        row.variant and row.variant.get("options") == [] for row in rows
    ):
        return product.get("option_names") or ()
    return None


def _column_field(field: str) -> str:
    return {"option_names": "option1_name", "category_paths": "category"}.get(field, field)


def _made_sku(handle: str, values: Sequence[str]) -> str:
    whole = "-".join([handle, *values])
    sku = sku_of(whole)
    return sku if len(whole) <= MAX_SKU_CHARACTERS else with_digest(sku, whole)
