"""How the API is described (OpenAPI 3.1): its parts, and what holds for every operation.

Apps describe their shapes with `describe`, as JSON Schemas under the names that the operations
refer to by `ref`. A hook of drf-spectacular puts them, and the errors of every operation, into the
schema. Descriptions are in English, the fields' Chinese headings with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from portal.problems import MEDIA_TYPE

Schema = dict[str, Any]

TITLE: Final = "个人所得税服务管理信息系统: API for payroll software"
DESCRIPTION: Final = """\
Files detail declarations of individual income tax for a withholding agent (扣缴义务人), checks them
without filing, and reads what became of them.

**Tokens.** An agent makes a token in the portal (接口令牌) and sends it as
`Authorization: Bearer iit_…`. It is shown once and good for 90 days.

**Errors** are `application/problem+json`: `code` is stable, `detail` is a sentence in the language
of `Accept-Language` (zh-hans or en), `errors` names each faulty field by its JSON pointer; for a
query that is the parameter's name.

**Amounts** are yuan, written as strings. A tax month (税款所属月份) is `YYYY-MM`.

**Limits.** 600 requests a minute and token (429, `Retry-After`). Lists come in pages.
"""

_components: dict[str, Schema] = {}


def describe(**shapes: Schema) -> None:
    """Name some shapes. Each name once."""
    for name, shape in shapes.items():
        if _components.setdefault(name, shape) is not shape:
            raise ValueError(f"There are two shapes named {name}.")


def ref(name: str) -> Schema:
    """Refer to a described shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(optional: Mapping[str, Schema] | None = None, /, **required: Schema) -> Schema:
    """Describe an object: its keys are these and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(of: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": of, **more}


def paged(of: Schema) -> Schema:
    """Describe a page of a list."""
    address: Schema = {"type": ["string", "null"], "format": "uri"}
    return record(
        count={"type": "integer", "description": "How many there are on all pages."},
        next=address,
        previous=address,
        results=listed(of),
    )


TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
ANY_OBJECT: Final[Schema] = {"type": "object"}


def optional(shape: Schema) -> Schema:
    """Describe what may be null."""
    if "type" in shape and "enum" not in shape:
        return {**shape, "type": [shape["type"], "null"]}
    return {"oneOf": [shape, {"type": "null"}]}


PAGE: Final = [
    OpenApiParameter("page", {"type": "integer", "minimum": 1}, description="From 1."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1, "maximum": 1000}, description="Else 100."
    ),
]

describe(
    Problem=record(
        type={"type": "string", "const": "about:blank"},
        title=TEXT,
        status={"type": "integer"},
        detail={"type": "string", "description": "What is wrong, for a person to read."},
        code={"type": "string", "description": "What is wrong, for programs: stable."},
        errors=listed(ref("FieldProblem")),
    ),
    FieldProblem=record(
        code={"type": "string", "description": "Stable; docs/api.md lists the codes."},
        pointer={
            "type": "string",
            "description": "JSON pointer of the field; lines count from 0. Empty: the whole.",
            "examples": ["/lines/11/document_number"],
        },
        message=TEXT,
        params={**ANY_OBJECT, "description": "What the message is made of."},
    ),
)


def described() -> Schema:
    """Return the description of the whole API."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: Schema = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return schema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "portal.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {"type": "http", "scheme": "bearer", "description": "接口令牌, made in the portal."}


# What every operation may answer besides its own.
_ERRORS: Final = {
    "400": "The request cannot be read, or a parameter is wrong.",
    "401": "No token, or one that is unknown, expired or revoked: the answers are equal.",
    "403": "Not for this user.",
    "404": "There is none, or it is another agent's.",
    "405": "The address does not know the method.",
    "406": "No media type of the header Accept is offered.",
    "429": "Too many requests: see Retry-After.",
    "500": "A fault of ours. Retry with the same Idempotency-Key.",
}
_ERRORS_OF_BODIES: Final = {
    "413": "The body is too large.",
    "415": "The media type is not taken.",
}


def complete(result: Schema, **_kwargs: Any) -> Schema:
    """Put the described shapes, and the errors of every operation, into a schema."""
    result["info"] |= {"title": TITLE, "description": DESCRIPTION}
    shapes = result.setdefault("components", {}).setdefault("schemas", {})
    shapes.update(sorted(_components.items()))
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    for operations in result["paths"].values():
        for operation in operations.values():
            errors = dict(_ERRORS)
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
                errors |= _ERRORS_OF_BODIES
            for status, sentence in errors.items():
                operation["responses"].setdefault(status, {"description": sentence})
            for status, answer in operation["responses"].items():
                if status >= "400":
                    answer["content"] = content
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result
