"""Schemas of imports and exports of products."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from shop.domain.catalogue.product_import import (
    MAX_MESSAGES,
    ImportMessage,
    ImportStatus,
    ProductImport,
)
from shop.entrypoints.http.schemas import QueryParameters, ResponseBody, Time

MAX_FILE_BYTES = 100 * 1024 * 1024

Rows = Annotated[int, Field(ge=0, examples=[2])]

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "examples": ["(the bytes of the file)"],
                            "description": "CSV or XLSX, at most 100 MB: the shop's own export, or "
                            "that of Shopify or WooCommerce.",
                        },
                    },
                }
            }
        },
    }
}
CSV_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "All products that are not archived, one row for each variant.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "handle,name,description\r\nTEA-EARL-GREY,Earl Grey,Black tea.\r\n",
            }
        },
    }
}


class ImportQuery(QueryParameters):
    """What to do with the file."""

    dry_run: Annotated[
        bool, Field(examples=[False], description="Check the file, and change nothing.")
    ] = False


class ExportQuery(QueryParameters):
    """In which format to export."""

    format: Annotated[Literal["csv"], Field(examples=["csv"])] = "csv"


class ImportMessageResponse(ResponseBody):
    """What is wrong with a cell of the file, or what became of it."""

    line: Annotated[int, Field(ge=1, examples=[3])]
    column: Annotated[str, Field(examples=["Variant Price"])]
    detail: Annotated[str, Field(examples=["must be an amount such as 19.90, not 'free'."])]

    @classmethod
    def of(cls, message: ImportMessage) -> Self:
        """Render a message."""
        return cls(line=message.line, column=message.column, detail=f"{message.detail}.")


class ImportResponse(ResponseBody):
    """How far an import is. Products are counted once they are applied, or by a dry run."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a19-9c1d-5e6f7a8b9c0d"])]
    status: Annotated[
        ImportStatus,
        Field(
            examples=["checking"],
            description=(
                "`failed` if the file has errors; then nothing was changed. Also if the shop itself"
                " failed; then the first `applied` rows are in the shop."
            ),
        ),
    ]
    dry_run: Annotated[bool, Field(examples=[False])]
    format: Annotated[str | None, Field(examples=[None], description="As the header says.")]
    encoding: Annotated[str | None, Field(examples=[None], description="None for a workbook.")]
    rows: Annotated[Rows, Field(description="The rows that were read.")]
    applied: Annotated[Rows, Field(description="How many of the rows are in the shop.")]
    added: Rows
    changed: Rows
    unchanged: Rows
    errors: Annotated[
        list[ImportMessageResponse],
        Field(description=f"The first {MAX_MESSAGES}, then how many more there are."),
    ]
    remarks: Annotated[
        list[ImportMessageResponse],
        Field(description="What became of cells that the shop cannot have as they are."),
    ]
    created_at: Time
    finished_at: Annotated[Time | None, Field(examples=[None])]

    @classmethod
    def of(cls, product_import: ProductImport) -> Self:
        """Render an import."""
        return cls(
            id=product_import.id,
            status=product_import.status,
            dry_run=product_import.dry_run,
            format=product_import.format,
            encoding=product_import.encoding,
            rows=product_import.rows,
            applied=product_import.applied,
            added=product_import.added,
            changed=product_import.changed,
            unchanged=product_import.unchanged,
            errors=[ImportMessageResponse.of(each) for each in product_import.errors],
            remarks=[ImportMessageResponse.of(each) for each in product_import.remarks],
            created_at=product_import.created_at,
            finished_at=product_import.finished_at,
        )
