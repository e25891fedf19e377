"""Types whose form the settings decide: handlers declare one, the API's schema shows another."""

from collections.abc import Mapping
from typing import Any

from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition


class SchemaTypes(OpenAPISchemaPlugin):
    """Lets the API's schema say what is really taken or answered where a type is declared."""

    def __init__(self, shown: Mapping[type, type]) -> None:
        self._shown = shown

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether it is declared as one of these types."""
        annotation = field_definition.annotation
        return isinstance(annotation, type) and annotation in self._shown

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """The schema of what is shown instead."""
        shown = FieldDefinition.from_annotation(self._shown[field_definition.annotation])
        schema: Schema = schema_creator.for_field_definition(shown)
        return schema
