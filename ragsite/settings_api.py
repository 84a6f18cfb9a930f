"""The part of the settings that is the API's: nothing here comes from the environment."""

from __future__ import annotations

from typing import Any

from documents.types import Mode, Role, Stage, Status

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ragsite.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "ragsite.accounts.authentication.TokenScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "documents.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "ragsite.pagination.Pagination",
    "PAGE_SIZE": 25,
    "EXCEPTION_HANDLER": "ragsite.api.problem_handler",
    "DEFAULT_SCHEMA_CLASS": "ragsite.api.Schema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "ragsite",
    "DESCRIPTION": "Documents that answer questions and show their evidence.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": [status.value for status in Status],
        "StageEnum": [stage.value for stage in Stage],
        "RoleEnum": [role.value for role in Role],
        "ModeEnum": [mode.value for mode in Mode],
        "ConfidenceEnum": ["high", "medium", "low"],
        "VerdictEnum": ["supported", "partial", "unsupported"],
        "StateEnum": "chat.models.Message.State",
        "ComparisonStateEnum": "chat.models.Comparison.State",
        "HealthEnum": ["ok", "degraded", "unavailable"],
    },
}
