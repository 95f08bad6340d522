"""The configuration file: its shape, its errors, what it says. No part imports it."""

from regwatch.config.label_checks import known_labels
from regwatch.config.loader import (
    load_accounts,
    load_config,
    load_http,
    storage_url,
)
from regwatch.config.schema import json_schema, schema_text
from regwatch.config.top import Config
from regwatch.shapes.problems import ConfigError, Problem

__all__ = [
    "Config",
    "ConfigError",
    "Problem",
    "json_schema",
    "known_labels",
    "load_accounts",
    "load_config",
    "load_http",
    "schema_text",
    "storage_url",
]
